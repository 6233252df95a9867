"""CHECK: findings, licence verdict, estimate and plan of a recipe, from facts alone. Runs no torch and reads no weights.

`check_parsed` is the whole answer for one document: web form, REST and command line give it alike.
"""

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding, has_errors
from workers.contracts.kinds import kind_get
from workers.contracts.parsing import Parsed
from workers.contracts.paths import path_of
from workers.contracts.plans import Check, Estimate
from workers.contracts.recipes import AnyRecipe
from workers.planning.not_finite import not_finite_findings

Facts = Mapping[str, RepoFacts | None]
_ORDER = {"error": 0, "warning": 1, "info": 2}
# After one of these nothing is known about what stands at that place, or below it.
_WHOLE = {"wrong_type", "missing_key", "too_long", "too_many", "not_finite"}
# What is only true of the values as written: not said when one of them had to give way to its default.
_RESTS_ON = {"weights_sum_to_zero": {"weight", "normalize"}, "changes_nothing": {"weight", "lambda", "t"}}
# What a slice that cannot be read would leave out or lack, were it meant so.
_OF_SLICES = {
    "layers_left_out",
    "filter_without_effect",
    "layer_count_unknown",
    "first_layer_incomplete",
    "tensor_missing",
}


def check(recipe: AnyRecipe, facts: Facts) -> Check:
    """`facts` has one entry per reference text of the recipe; None means: not there, or not visible to the asker."""
    kind = kind_get(recipe.kind)
    if kind is None:
        raise ValueError(f"the kind table has no {recipe.kind}")
    module, name = kind.planner.split(":")
    planner: Callable[[Any, Facts], Check] = getattr(importlib.import_module(module), name)
    checked = planner(recipe, facts)
    findings = in_order((*checked.findings, *not_finite_findings(recipe, facts, checked.plan)))
    return checked.model_copy(update={"findings": findings, **({"plan": None} if has_errors(findings) else {})})


def check_parsed(
    parsed: Parsed, facts: Facts, *, unreadable: Sequence[Finding] = (), more: Iterable[Finding] = ()
) -> Check:
    """All findings at once: of the text, of the inputs that could not be read, of the check, and `more` (rights, say).

    A document with errors is looked at as far as it can be read. It gets no plan and no estimate: both would be for
    another recipe. What a place was already told is not said there again.
    """
    if parsed.readable is None:
        return Check(findings=in_order(parsed.findings))
    checked = check(parsed.readable, facts)
    told = [finding for finding in parsed.findings if finding.severity == "error"]
    lost = parsed.located(unreadable)
    planned = _untold(parsed.located(checked.findings), [*told, *lost])
    findings = in_order((*parsed.findings, *lost, *planned, *_untold(parsed.located(more), told)))
    update: dict[str, Any] = {"findings": findings}
    if has_errors(findings):
        update["plan"] = None
    if parsed.recipe is None:
        update["estimate"] = Estimate()
    return checked.model_copy(update=update)


def _untold(findings: Iterable[Finding], told: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if not any(_covers(other, finding) for other in told)]


def _covers(told: Finding, finding: Finding) -> bool:
    """Whether what was told of a place leaves nothing for this finding to say."""
    place, other = path_of(finding.where), path_of(told.where)
    if not other:
        return False
    if place == other or (told.code in _WHOLE and place[: len(other)] == other):
        return True
    if finding.code in _OF_SLICES and {"layers", "layer_range"} & set(other[-2:]):
        return True
    # A name that cannot be read is the whole of its source, dataset or output.
    if other[-1] in {"model", "data", "repo"} and place == other[:-1]:
        return True
    return other[-1] in _RESTS_ON.get(finding.code, ())


def in_order(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Errors first, then warnings, then the rest; within each in the order of the recipe."""
    return tuple(sorted(findings, key=lambda finding: _ORDER[finding.severity]))
