"""Which tensors a module of a recipe means. A module is a part of the tensors' names; recipes written for mergekit use its words for some."""

from collections.abc import Sequence

# Words of recipes and the parts of names they stand for, over the architectures that have such a part.
_PARTS = {
    "multi_modal_projector": ("multi_modal_projector", "mm_projector", "merger", "deepstack_merger_list", "connector"),
    "vision_tower": ("vision_tower", "visual", "vision_model", "vision_encoder"),
    "vision_model": ("vision_model", "vision_tower", "visual", "vision_encoder"),
    "shared": ("shared", "lm_head"),
}
# What they call the whole of a model with one part, and the text part of one with several: all that nobody else claims.
_REST = ("default", "text_decoder")


def claimed(names: Sequence[str], modules: Sequence[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The tensors of each module in the order of `names`, and those of none. A tensor has one module: the most particular."""
    by_rank = sorted(modules, key=_rank)
    groups: dict[str, list[str]] = {name: [] for name in modules}
    rest: list[str] = []
    for name in names:
        owner = next((module for module in by_rank if _is_in(name, module)), None)
        (groups[owner] if owner is not None else rest).append(name)
    return groups, rest


def _rank(module: str) -> tuple[bool, bool, int]:
    """A projector lies inside the vision tower in some layouts; what takes all the rest comes last."""
    return module in _REST, module != "multi_modal_projector", -len(module)


def _is_in(name: str, module: str) -> bool:
    if module in _REST:
        return True
    return any(f".{part}." in f".{name}" for part in _PARTS.get(module, (module,)))
