"""Findings about the prompts of a mixture of experts, and about prompts where nothing reads them."""

from collections.abc import Sequence
from typing import Any

from workers.contracts.findings import Finding
from workers.contracts.methods.experts import PROMPTED
from workers.contracts.recipes import MergeRecipe
from workers.planning.members import Known
from workers.planning.wording import add, counted, finding, joined, remove


def prompt_findings(
    recipe: MergeRecipe,
    shared: dict[str, Any],
    own: Sequence[dict[str, Any]],
    base: Known | None,
    *,
    is_adapted: bool = False,
) -> list[Finding]:
    mode = str(shared["gate_mode"])
    if mode not in PROMPTED:
        given = [index for index, source in enumerate(recipe.sources) if source.prompts]
        message = f"gate_mode is {mode}: the router is drawn by chance, and the prompts are not read."
        repair = [add(("gate_mode",), "hidden", "Make the router from the prompts")]
        return [finding("prompts_unused", "info", ("gate_mode",), message, repair=repair)] if given else []
    findings = []
    by_chance = add(("gate_mode",), "random", "Draw the router by chance")
    for index, source in enumerate(recipe.sources):
        if not source.positive_prompts:
            message = f"Source {index + 1} has no positive_prompts, and gate_mode {mode} makes the router from them."
            consequence = "Give texts that this expert is for."
            findings.append(finding("prompts_missing", "error", ("sources", index), message, consequence, [by_chance]))
    findings += _alike(recipe, [index for index, values in enumerate(own) if not values["shared"]])
    if base is not None and not base.facts.tokenizer_digest:
        message = f"{base.name} has no tokenizer, so that prompts cannot be read."
        findings.append(finding("tokenizer_missing", "error", ("base",), message, repair=[by_chance]))
    if is_adapted and base is not None:
        message = f"{base.name} has an adapter on it, and prompts go through the base as it is stored."
        findings.append(
            finding("base_adapted", "error", ("base",), message, "Put the adapter into the base first.", [by_chance])
        )
    return findings


def _alike(recipe: MergeRecipe, routed: Sequence[int]) -> list[Finding]:
    """Experts with the same prompts get the same row of the router."""
    groups: dict[tuple[frozenset[str], frozenset[str]], list[int]] = {}
    for index in routed:
        source = recipe.sources[index]
        if source.positive_prompts:
            groups.setdefault((frozenset(source.positive_prompts), frozenset(source.negative_prompts)), []).append(
                index
            )
    findings = []
    for group in groups.values():
        if len(group) > 1:
            is_all = len(group) == len(routed)
            listed = "All experts" if is_all else f"Sources {joined([str(index + 1) for index in group])}"
            message = f"{listed} have the same prompts, so that the router cannot tell them apart."
            findings.append(
                finding(
                    "prompts_alike",
                    "error" if is_all else "warning",
                    ("sources", group[1]),
                    message,
                    "Give each texts of its own.",
                )
            )
    return findings


def idle_prompts(recipe: MergeRecipe, label: str) -> list[Finding]:
    """Prompts in a merge by a method that reads none."""
    findings = []
    for index, source in enumerate(recipe.sources):
        for key, prompts in source.prompts.items():
            message = f"{label} reads no prompts; {counted(len(prompts), 'text')} {'is' if len(prompts) == 1 else 'are'} given."
            repair = [
                remove(("sources", index, key), "Leave them out"),
                add(("method",), "mixture_of_experts", "Make a mixture of experts"),
            ]
            findings.append(finding("prompts_unused", "error", ("sources", index, key), message, repair=repair))
    return findings
