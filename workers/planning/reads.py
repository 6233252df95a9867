"""Which tensors of its inputs a plan reads into its result: what is dropped, or cut away, says nothing about what comes out."""

from collections import defaultdict
from collections.abc import Mapping

from workers.contracts.facts import RepoFacts
from workers.contracts.methods import method_get
from workers.contracts.openings import methods_open
from workers.contracts.plans import AdapterChange, Plan
from workers.contracts.recipes import AnyRecipe, MergeRecipe
from workers.planning.deltas import PARTS


def reads_of(plan: Plan) -> Mapping[int, set[str]]:
    """Keys of tensors by the input that holds them, counted as plans count. Of a task vector and of an adapter these are their own."""
    reads: dict[int, set[str]] = defaultdict(set)
    for step in plan.steps:
        if step.parameters.get("role") == "left":
            continue  # of an extraction: only its hash is taken
        for item in step.inputs:
            _add(reads, plan, item.source, item.key)
        if plan.vocabulary is not None and step.name in plan.vocabulary.tables:
            for item in plan.vocabulary.tables[step.name].inputs:
                _add(reads, plan, item.source, item.key)
    return reads


def runs_models(recipe: AnyRecipe, plan: Plan) -> bool:
    """Whether models are carried out to make the result, with tensors that do not go into it; or another method may be chosen."""
    if not isinstance(recipe, MergeRecipe):
        return False
    method = method_get("merge", plan.method)
    return len(methods_open(recipe)) > 1 or method is None or bool(method.learn) or _is_told(plan)


def read_part(held: RepoFacts, keys: set[str]) -> RepoFacts:
    """`held` with only those of the tensors with NaN or infinity that are read, or that nobody has named."""
    kept = tuple(item for item in held.not_finite if item.name in keys or item.name not in held.tensors)
    left = len(held.not_finite) - len(kept)
    return held.model_copy(update={"not_finite": kept, "not_finite_tensors": held.not_finite_tensors - left})


def _is_told(plan: Plan) -> bool:
    """Routers of a mixture that come from prompts, which go through the base."""
    return any(step.parameters.get("part") == "told" for step in plan.steps)


def _add(reads: dict[int, set[str]], plan: Plan, source: int, key: str) -> None:
    item = next((item for item in plan.adapted if item.position == source), None)
    if item is not None:
        change = item.changes.get(key)
        reads[item.adapter] |= _brought(change)
        if change is None or change.whole is None:
            reads[item.model].add(key if change is None else change.origin)
        return
    reads[source].add(key)
    if source in plan.deltas:
        reads[source] |= {f"{key}:{part}" for part in PARTS}
        _add(reads, plan, 0, key)


def _brought(change: AdapterChange | None) -> set[str]:
    if change is None:
        return set()
    parts = (change.whole, change.a, change.b, change.magnitude, change.bias)
    return {part.key for part in parts if part is not None}
