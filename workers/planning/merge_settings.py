"""The values of a merge's parameters for each tensor, and filters that leave every tensor alone."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from workers.contracts.complaints import nearest, quoted
from workers.contracts.findings import Finding
from workers.contracts.methods import Method
from workers.contracts.paths import Path
from workers.contracts.plans import Plan
from workers.contracts.recipes import MergeRecipe, Slice, Source
from workers.contracts.settings import ANY, filters_of, first_value, is_plain
from workers.planning.merge_parts import Part, Target
from workers.planning.merge_values import value_findings
from workers.planning.wording import add, finding

# These are used tensor by tensor, also by methods that have looked at the whole model before.
_OF_EACH_TENSOR = {"lambda", "normalize", "rescale", "vote", "reduce"}


def is_uniform(recipe: MergeRecipe) -> bool:
    """Whether every tensor is made with the same values from the same models."""
    scopes = [recipe.parameters, *(source.parameters for source in recipe.sources)]
    return (
        not recipe.slices
        and not recipe.modules
        and all(is_plain(value) for scope in scopes for value in scope.values())
    )


class Values:
    """The plan's parameters: scalars, and lists in the order of a step's sources."""

    def __init__(self, recipe: MergeRecipe, method: Method) -> None:
        self._shared = [row for row in method.parameters if row.scope == "recipe"]
        self._own = [row for row in method.parameters if row.scope == "source"]
        self._is_uniform = is_uniform(recipe)
        self._known: dict[tuple[int, ...], dict[str, Any]] = {}

    def of(self, target: Target, parts: Sequence[Part]) -> dict[str, Any]:
        """A shared parameter's filters see the name of the result's tensor, a source's that of the tensor it gives."""
        if not self._is_uniform:
            return self._made(target, parts)
        key = tuple(part.model.member.position for part in parts)
        if key not in self._known:
            self._known[key] = self._made(target, parts)
        return self._known[key]

    def _made(self, target: Target, parts: Sequence[Part]) -> dict[str, Any]:
        place = target.position
        shared = {row.name: first_value(row, target.scopes, target.name, place) for row in self._shared}
        own = {
            row.name: [first_value(row, (part.own, *target.scopes), part.name, place) for part in parts]
            for row in self._own
        }
        return shared | own


def step_findings(method: Method, plan: Plan) -> list[Finding]:
    """What is found in the numbers of single tensors: errors of any, and of the rest what is true of all."""
    shared = {row.name for row in method.parameters if row.scope == "recipe"}
    each: dict[str, list[Finding]] = {}
    for step in plan.steps:
        if step.operation != "merge":
            continue
        key = json.dumps(step.parameters, sort_keys=True)
        if key not in each:
            count = len(step.inputs) - step.has_base
            lists = {name: value for name, value in step.parameters.items() if name not in shared}
            per_source = [{name: value[index] for name, value in lists.items()} for index in range(count)]
            values = {name: value for name, value in step.parameters.items() if name in shared}
            each[key] = [
                _at(entry, step.name) if entry.severity == "error" else entry
                for entry in value_findings(method, values, per_source)
            ]
    return [*_common(list(each.values())), *_whole_model_findings(method, plan)]


def _whole_model_findings(method: Method, plan: Plan) -> list[Finding]:
    """A threshold over the whole model is one number: what it goes by cannot differ between tensors."""
    steps = [step.parameters for step in plan.steps if step.operation == "merge"]
    if not any(values.get("scope") == "global" for values in steps):
        return []
    names = [row.name for row in method.parameters if row.scope == "recipe" and row.name not in _OF_EACH_TENSOR]
    varying = [name for name in names if len({str(values[name]) for values in steps}) > 1]
    repair = [add(("scope",), "tensor", "Take each tensor by itself")]
    return [
        finding(
            "setting_of_whole_model", "error", (name,), f"{name} differs between tensors, and scope is global.",
            "What goes by the whole model needs one value for all of it.", repair,
        )
        for name in varying
    ]  # fmt: skip


def _common(each: list[list[Finding]]) -> list[Finding]:
    errors = {(entry.code, entry.where): entry for entries in each for entry in entries if entry.severity == "error"}
    others = [
        entry for entry in (each[0] if each else ())
        if entry.severity != "error" and all(entry in entries for entries in each)
    ]  # fmt: skip
    return [*errors.values(), *others]


def _at(entry: Finding, name: str) -> Finding:
    """Repairs that set one value for all tensors would undo what was set for some."""
    return entry.model_copy(update={"message": f"{name}: {entry.message}", "repair": ()})


def filter_findings(recipe: MergeRecipe, targets: Iterable[Target]) -> list[Finding]:
    """A filter that is part of no tensor's name is mostly a slip of the pen."""
    filters = [entry for entry in _filters(recipe) if entry[1] not in {None, ANY}]
    if not filters:
        return []
    names = {name for target in targets for name in (target.name, *(part.name for part in target.sources))}
    parts = {part for name in names for part in name.split(".") if not part.isdigit()}
    findings = []
    for path, text in filters:
        if any(text in name for name in names):
            continue
        meant = nearest(text, sorted(parts))
        message = f"No tensor has {quoted(text)} in its name, so this filter holds for nothing."
        findings.append(
            finding("filter_without_effect", "warning", path, message, f"Did you mean {meant}?" if meant else "")
        )
    return findings


def _filters(recipe: MergeRecipe) -> Iterable[tuple[Path, str]]:
    yield from _in_scope(recipe.parameters, ())
    is_cut = bool(recipe.slices or recipe.modules)
    yield from () if is_cut else _in_sources(recipe.sources, ())
    yield from _in_slices(recipe.slices, ())
    for name, module in recipe.modules.items():
        path: Path = ("modules", name)
        yield from _in_scope(module.parameters, path)
        yield from _in_sources(module.sources, path)
        yield from _in_slices(module.slices, path)


def _in_slices(slices: Sequence[Slice], path: Path) -> Iterable[tuple[Path, str]]:
    for index, item in enumerate(slices):
        place: Path = (*path, "slices", index)
        yield from _in_scope(item.parameters, place)
        yield from _in_sources(item.sources, place)


def _in_sources(sources: Sequence[Source], path: Path) -> Iterable[tuple[Path, str]]:
    for index, source in enumerate(sources):
        yield from _in_scope(source.parameters, (*path, "sources", index))


def _in_scope(scope: dict[str, Any], path: Path) -> Iterable[tuple[Path, str]]:
    for name, setting in scope.items():
        for text in filters_of(setting):
            yield (*path, name), text
