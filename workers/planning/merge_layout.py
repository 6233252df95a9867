"""LAYOUT of a merge: which tensors the result has, and from which tensors of which models each one is made."""

from collections.abc import Iterable, Sequence

from workers.contracts.findings import Finding
from workers.contracts.methods import Method
from workers.contracts.paths import Path
from workers.contracts.recipes import MergeRecipe, Source
from workers.planning.layers import place_of, stacks_of
from workers.planning.merge_cuts import add_slices
from workers.planning.merge_parts import Layout, Models, Scope, Target, in_file_order, own_part, position_of
from workers.planning.modules import claimed
from workers.planning.wording import finding, joined


def layout_of(recipe: MergeRecipe, method: Method, models: Models) -> Layout:
    """Every tensor of the result once. Models that do not fit a slice are findings, and it is then left out."""
    layout = Layout()
    names = in_file_order(models.reference)
    top: Scope = recipe.parameters
    if not recipe.modules:
        if recipe.slices:
            add_slices(layout, models, names, recipe.slices, ("slices",), recipe.base, (top,))
        else:
            _add_whole(layout, models, names, recipe.sources, (top,))
        return layout
    groups, rest = claimed(names, list(recipe.modules))
    for name, module in recipe.modules.items():
        path: Path = ("modules", name)
        if not groups[name]:
            layout.findings.append(_no_such_module(name, names, path))
        elif module.slices:
            add_slices(
                layout, models, groups[name], module.slices, (*path, "slices"), recipe.base, (module.parameters, top)
            )
        else:
            _add_whole(layout, models, groups[name], module.sources, (module.parameters, top))
    layout.unclaimed = tuple(rest)
    layout.targets += [
        Target(name, models.reference.facts.tensors[name], own_part(models.reference, name), (), (top,))
        for name in rest
    ]
    return layout


def _add_whole(
    layout: Layout, models: Models, names: Iterable[str], sources: Sequence[Source], scopes: tuple[Scope, ...]
) -> None:
    """Like-named tensors of whole models."""
    names = list(names)
    stacks = stacks_of(names)
    named = [(models.named(source.model), source.parameters) for source in sources]
    used = [(model, own) for model, own in named if model is not None and model is not models.base]
    for name in names:
        place = place_of(name)
        layers = stacks.get(place.stack, 0) if place is not None else 0
        base = None if models.base is None else own_part(models.base, name)
        parts = tuple(own_part(model, name, own) for model, own in used)
        position = position_of(place.layer, layers) if place is not None and layers else 0.0
        layout.targets.append(Target(name, models.reference.facts.tensors[name], base, parts, scopes, position))


def _no_such_module(name: str, names: Sequence[str], path: Path) -> Finding:
    firsts = list(dict.fromkeys(key.partition(".")[0] for key in names))
    message = f"No tensor belongs to a module called {name}. Names begin with {joined(firsts[:6])}."
    return finding("unknown_module", "error", path, message)
