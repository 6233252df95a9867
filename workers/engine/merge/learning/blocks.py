"""BLOCKS: the repeated parts of a model, and whose turn it is when they are merged one after another."""

from collections.abc import Iterable

import torch

from workers.engine.merge.learning.student import Student


def stages(student: Student, names: Iterable[str]) -> dict[str, int]:
    """Output tensor → when its layer's turn comes: 0 before the blocks, 1 … for each block in order, then what follows them."""
    blocks = block_paths(student.module)
    order = {path: number for number, (path, _) in enumerate(student.module.named_modules())}
    first = order[blocks[0]] if blocks else len(order)
    found = {}
    for name in names:
        place = student.places[name]
        own = next((number for number, path in enumerate(blocks) if place.startswith(f"{path}.")), None)
        before = order[place.rpartition(".")[0]] < first
        found[name] = own + 1 if own is not None else 0 if before else len(blocks) + 1
    return found


def block_paths(module: torch.nn.Module) -> list[str]:
    """Paths of the repeated blocks, in the order of the module: the children of every list that is in no other list."""
    lists: list[str] = []
    found: list[str] = []
    for path, child in module.named_modules():
        if isinstance(child, torch.nn.ModuleList) and not any(path.startswith(f"{other}.") for other in lists):
            lists.append(path)
            found += [f"{path}.{number}" for number in range(len(child))]
    return found
