"""The plan of a merge: one step per output tensor. Every tensor of every input is merged, copied, or dropped with a finding."""

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from workers.contracts.facts import DTYPE_BYTES, TensorFact
from workers.contracts.findings import Finding
from workers.contracts.methods import Method
from workers.contracts.plans import Plan, TensorInput, TensorStep
from workers.contracts.recipes import MergeRecipe
from workers.planning.extract import TOKENIZER_FILES
from workers.planning.members import Known
from workers.planning.merge_values import is_zero_sum
from workers.planning.places import placed
from workers.planning.ties import is_tied_head, stand_in
from workers.planning.weights import FLOATING, STORED_NAMES
from workers.planning.wording import counted, finding, number

CARRIED_FILES = (
    "config.json", "generation_config.json", "preprocessor_config.json", "processor_config.json", "image_processor_config.json",
    "LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*",
)  # fmt: skip
CARRIED_TOKENIZER = (*TOKENIZER_FILES, "tokenizer*.json", "chat_template.json", "chat_template.jinja")


@dataclass
class _Account:
    """Where every tensor went, by the position of its model."""

    missing: dict[int, list[str]] = field(default_factory=dict)
    only_in_base: list[str] = field(default_factory=list)
    copied_integers: list[str] = field(default_factory=list)
    unweighted: list[str] = field(default_factory=list)


def merge_plan(
    recipe: MergeRecipe, method: Method, reference: Known, sources: Sequence[Known], shared: dict[str, Any], per_source: list[dict[str, Any]]
) -> tuple[Plan, list[Finding]]:  # fmt: skip
    """`reference` is the base where the method uses one, else the first source. All of `sources` fit it."""
    account = _Account()
    in_file_order = sorted(reference.facts.tensors.items(), key=lambda item: (item[1].file, item[1].begin, item[0]))
    steps = tuple(
        _step(recipe, method, reference, sources, name, fact, shared, per_source, account)
        for name, fact in in_file_order
    )
    steps = placed(steps) if method.placed else steps
    dropped, findings = _dropped(reference, sources)
    findings += _account_findings(account, reference, sources)
    plan = Plan(
        method=method.name, method_revision=method.revision, seed=recipe.seed, steps=steps,
        shards=shards_of(steps, recipe.max_shard_bytes), copied_files=_carried(reference, sources), dropped=dropped,
    )  # fmt: skip
    return plan, findings


def step_bytes(step: TensorStep) -> int:
    elements = 1
    for size in step.shape:
        elements *= size
    return elements * DTYPE_BYTES[step.dtype]


def shards_of(steps: Iterable[TensorStep], limit: int) -> tuple[tuple[str, ...], ...]:
    """Names in writing order, cut so that no file is larger than `limit` unless one tensor alone is."""
    shards: list[list[str]] = [[]]
    filled = 0
    for step in steps:
        size = step_bytes(step)
        if shards[-1] and filled + size > limit:
            shards.append([])
            filled = 0
        shards[-1].append(step.name)
        filled += size
    return tuple(tuple(shard) for shard in shards)


def _step(
    recipe: MergeRecipe, method: Method, reference: Known, sources: Sequence[Known], name: str, fact: TensorFact,
    shared: dict[str, Any], per_source: list[dict[str, Any]], account: _Account,
) -> TensorStep:  # fmt: skip
    inputs, values = [], []
    for source in sources:
        key, held = stand_in(source, name)
        if held is None:
            account.missing.setdefault(source.member.position, []).append(name)
        else:
            inputs.append(TensorInput(source=source.member.position, key=key, fact=held))
            values.append(per_source[source.member.source or 0])
    base = (
        [TensorInput(source=reference.member.position, key=name, fact=fact)]
        if method.takes_base and reference.member.source is None
        else []
    )
    is_floating = fact.dtype in FLOATING and all(item.fact.dtype in FLOATING for item in inputs)
    dtype = STORED_NAMES[recipe.dtype] if recipe.dtype is not None and is_floating else fact.dtype
    if not is_floating or 0 in fact.shape or not inputs:
        # Whole numbers are copied with all inputs listed: the engine compares them bit by bit.
        if not is_floating:
            account.copied_integers.append(name)
        elif not inputs:
            account.only_in_base.append(name)
        return TensorStep(
            name=name, operation="copy", inputs=(*base, *inputs), has_base=bool(base), shape=fact.shape, dtype=dtype
        )
    listed = {key: [value[key] for value in values] for key in (values[0] if values else {})}
    if shared.get("normalize") and method.name in {"linear", "task_arithmetic"} and is_zero_sum(listed["weight"]):
        account.unweighted.append(name)
    return TensorStep(
        name=name, operation="merge", inputs=(*base, *inputs), has_base=bool(base), shape=fact.shape, dtype=dtype,
        parameters={**shared, **listed},
    )  # fmt: skip


def _dropped(reference: Known, sources: Sequence[Known]) -> tuple[tuple[tuple[int, str], ...], list[Finding]]:
    dropped: list[tuple[int, str]] = []
    findings = []
    for source in sources:
        extra = sorted(source.facts.tensors.keys() - reference.facts.tensors.keys())
        dropped += [(source.member.position, name) for name in extra]
        tied = [name for name in extra if is_tied_head(reference, name)]
        rest = [name for name in extra if name not in tied]
        if tied:
            message = f"{source.name} stores {tied[0]} apart, {reference.title} shares it with its embeddings: it is left out."
            findings.append(
                finding("tied_tensor_dropped", "warning", source.path, message, "The result shares them as well.")
            )
        if rest:
            verb = "is" if len(rest) == 1 else "are"
            message = f"{counted(len(rest), 'tensor')} of {source.name} {verb} not in {reference.title} and {verb} left out, first {rest[0]}."
            findings.append(
                finding("tensor_extra", "warning", source.path, message, f"The result is built like {reference.title}.")
            )
    return tuple(dropped), findings


def _account_findings(account: _Account, reference: Known, sources: Sequence[Known]) -> list[Finding]:
    findings = []
    total = len(reference.facts.tensors)
    only = set(account.only_in_base)
    for source in sources:
        missing = [name for name in account.missing.get(source.member.position, []) if name not in only]
        if missing:
            message = f"{source.name} lacks {number(len(missing))} of {counted(total, 'tensor')}, first {missing[0]}."
            findings.append(
                finding(
                    "tensor_missing",
                    "warning",
                    source.path,
                    message,
                    "What it lacks is made from the other models alone.",
                )
            )
    if only:
        verb = "is" if len(only) == 1 else "are"
        message = f"{counted(len(only), 'tensor')} {verb} in no source and {verb} copied from the base, first {account.only_in_base[0]}."
        findings.append(finding("tensor_only_in_base", "warning", ("sources",), message))
    if account.copied_integers:
        count = len(account.copied_integers)
        message = f"{counted(count, 'tensor')} of whole numbers {'is' if count == 1 else 'are'} copied, first {account.copied_integers[0]}."
        consequence = "The job stops if the models hold different ones."
        findings.append(finding("integer_tensor_copied", "info", ("sources",), message, consequence))
    if account.unweighted:
        message = f"The weights of the models that hold {account.unweighted[0]} sum to 0, and the result is divided by their sum."
        findings.append(finding("weights_sum_to_zero", "error", ("sources",), message))
    return findings


def _carried(reference: Known, sources: Sequence[Known]) -> tuple[tuple[int, str], ...]:
    """Config from the reference; the tokenizer from it too, else from the first source that has one."""
    donors = [reference, *(source for source in sources if source is not reference)]
    tokenizer = next((model for model in donors if model.facts.tokenizer_digest), reference)
    carried = [(reference.member.position, path) for path in _matching(reference, CARRIED_FILES)]
    return (*carried, *((tokenizer.member.position, path) for path in _matching(tokenizer, CARRIED_TOKENIZER)))


def _matching(model: Known, patterns: Sequence[str]) -> list[str]:
    return [
        file.path
        for file in model.facts.files
        if any(fnmatch.fnmatchcase(file.path, pattern) for pattern in patterns) and "/" not in file.path
    ]
