"""SLICES: layers of several models laid one on the other, with what lies below them from the first and above them from the last."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workers.contracts.paths import Path
from workers.contracts.recipes import LayerSource, Slice
from workers.planning.layers import config_changes, is_above, main_stack, name_at, stacks_of
from workers.planning.members import Known
from workers.planning.merge_parts import MAX_PLAN_INPUTS, Layout, Models, Part, Scope, Target, own_part, position_of
from workers.planning.wording import add, counted, finding, joined, number


@dataclass(frozen=True)
class _Cut:
    """A slice with its models."""

    path: Path
    base: Known | None
    base_layer: int
    sources: tuple[tuple[Known, LayerSource], ...]
    layers: int
    parameters: Scope

    @property
    def lead(self) -> tuple[Known, int]:
        """The model the slice is built like, and its first layer here."""
        return (
            (self.base, self.base_layer)
            if self.base is not None
            else (self.sources[0][0], self.sources[0][1].layers[0])
        )


def add_slices(
    layout: Layout, models: Models, names: Sequence[str], slices: Sequence[Slice], path: Path, base: str | None,
    scopes: tuple[Scope, ...],
) -> None:  # fmt: skip
    """Layers of several models one on the other; what lies below them from the first slice, what lies above from the last."""
    stack = _stack(layout, models.reference, names, path)
    if stack is None:
        return
    cuts = [_cut(layout, models, item, (*path, index), base, stack) for index, item in enumerate(slices)]
    usable = [cut for cut in cuts if cut is not None]
    if len(usable) < len(cuts) or not usable or not _is_bounded(layout, usable, stack, path):
        return
    inside = set(names) if path[0] == "modules" else None
    layout.targets += _outside(layout, usable[0], stack, scopes, inside, above=False)
    layer = 0
    for cut in usable:
        for index in range(cut.layers):
            layout.targets += _layer(layout, cut, stack, layer, index, scopes)
            layer += 1
    layout.targets += _outside(layout, usable[-1], stack, scopes, inside, above=True)
    _configure(layout, models.reference, usable, stack, path)
    _check_first(layout, usable[0], stack, path)


def _stack(layout: Layout, reference: Known, names: Sequence[str], path: Path) -> str | None:
    stacks = stacks_of(names)
    stack = main_stack(stacks, reference.facts.config)
    if stack is None:
        if stacks:
            message = f"{reference.name} has several stacks of layers: {joined([f'{name} ({count})' for name, count in stacks.items()][:6])}."
            consequence = "Slices are of one stack. Put them under modules, by the name their tensors begin with."
        else:
            message, consequence = f"{reference.name} has no numbered layers.", "There is nothing to cut into slices."
        layout.findings.append(finding("no_layers", "error", path, message, consequence))
    return stack


def _cut(layout: Layout, models: Models, item: Slice, path: Path, base: str | None, stack: str) -> _Cut | None:
    own = (item.base or base) if models.base is not None else None
    found: list[tuple[Known, LayerSource]] = []
    whose: tuple[Known, LayerSource] | None = None
    for index, source in enumerate(item.sources):
        model = models.named(source.model)
        if model is None or not _has_layers(layout, model, source, (*path, "sources", index), stack):
            return None
        if source.model == own:
            whose = model, source
        else:
            found.append((model, source))
    if not found and whose is None:
        return None
    first = (whose or found[0])[1].layers
    return _Cut(path, None if whose is None else whose[0], first[0], tuple(found), first[1] - first[0], item.parameters)


def _has_layers(layout: Layout, model: Known, source: LayerSource, path: Path, stack: str) -> bool:
    count = layout.inventory(model).stacks.get(stack, 0)
    if source.layers[1] <= count:
        return True
    message = (
        f"{model.name} has {counted(count, 'layer')} in {stack}, this slice goes up to {number(source.layers[1])}."
    )
    layout.findings.append(
        finding(
            "bad_layers",
            "error",
            (*path, "layers"),
            message,
            "Layers are counted from 0; the second number is the one after the last.",
            [add((*path, "layers"), [source.layers[0], count], f"Go up to {count}")]
            if source.layers[0] < count
            else (),
        )
    )
    return False


def _is_bounded(layout: Layout, cuts: Sequence[_Cut], stack: str, path: Path) -> bool:
    """A short text can name a great many layers."""
    inputs = sum(
        cut.layers * (len(cut.sources) + 1) * len(layout.inventory(cut.lead[0]).rests(stack, cut.lead[1]))
        for cut in cuts
    )
    if inputs <= MAX_PLAN_INPUTS:
        return True
    message = f"The slices take {number(inputs)} tensors together, one plan may list {number(MAX_PLAN_INPUTS)}."
    layout.findings.append(finding("plan_too_large", "error", path, message, "Leave layers out."))
    return False


def _layer(
    layout: Layout, cut: _Cut, stack: str, layer: int, index: int, scopes: tuple[Scope, ...]
) -> Iterator[Target]:
    lead, first = cut.lead
    position = position_of(index, cut.layers)

    def part(model: Known, start: int, rest: str, own: Scope) -> Part:
        key = name_at(stack, start + index, rest)
        return Part(model, key, key, model.facts.tensors.get(key), own)

    for rest in layout.inventory(lead).rests(stack, first + index):
        base = None if cut.base is None else part(cut.base, cut.base_layer, rest, {})
        sources = tuple(part(model, source.layers[0], rest, source.parameters) for model, source in cut.sources)
        fact = lead.facts.tensors[name_at(stack, first + index, rest)]
        yield Target(name_at(stack, layer, rest), fact, base, sources, (cut.parameters, *scopes), position)


def _outside(
    layout: Layout, cut: _Cut, stack: str, scopes: tuple[Scope, ...], names: set[str] | None, *, above: bool
) -> Iterator[Target]:  # fmt: skip
    """`names` are those of the module, None where the whole model is one."""
    lead = cut.lead[0]
    for name in layout.inventory(lead).outside(stack):
        if is_above(name) != above or (names is not None and name not in names):
            continue
        base = None if cut.base is None else own_part(cut.base, name)
        sources = tuple(own_part(model, name, source.parameters) for model, source in cut.sources)
        yield Target(name, lead.facts.tensors[name], base, sources, (cut.parameters, *scopes))


def _configure(layout: Layout, reference: Known, cuts: Sequence[_Cut], stack: str, path: Path) -> None:
    """`reference` is whose config.json is copied."""
    count = layout.inventory(reference).stacks.get(stack, 0)
    kept = [cut.lead[1] + index for cut in cuts for index in range(cut.layers)]
    if kept == list(range(count)):
        return
    within = [min(layer, count - 1) for layer in kept]
    changes = config_changes(reference.facts.config, stack, within, count)
    layout.config |= changes
    if len(kept) != count and not changes and reference.facts.config:
        message = f"config.json of {reference.name} does not say in a way known here that {stack} has {counted(count, 'layer')}."
        consequence = f"The result has {number(len(kept))}. Put that number into its config.json before it is loaded."
        layout.findings.append(finding("layer_count_unknown", "warning", path, message, consequence))


def _check_first(layout: Layout, cut: _Cut, stack: str, path: Path) -> None:
    """Some models keep in their first layer what all of them use."""
    lead, first = cut.lead
    inventory = layout.inventory(lead)
    lacking = [rest for rest in inventory.rests(stack, 0) if rest not in set(inventory.rests(stack, first))]
    if first and lacking:
        message = (
            f"Layer 0 of the result is layer {first} of {lead.name}, which lacks {counted(len(lacking), 'tensor')} that layer 0 "
            f"has, first {lacking[0]}."
        )
        consequence = "Models that look for it in their first layer will not load, or start with random numbers there."
        layout.findings.append(finding("first_layer_incomplete", "warning", path, message, consequence))
