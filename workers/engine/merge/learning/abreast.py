"""ABREAST: several datasets side by side, so that every batch holds as much of each."""

from collections.abc import Mapping, Sequence

import torch

from workers.engine.train.losses import IGNORED, Batch, Batches


class Abreast:
    """Row r stands for one example of every part: the r-th of its rows; shorter parts are gone through again.

    inputs have `task` int64 `[b]` beside them: which part each example is of. units: examples.
    """

    def __init__(self, parts: Sequence[Batches], rows: Sequence[torch.Tensor], *, pad: int = 0) -> None:
        """`rows` are the examples of each part that take part, `pad` the token that fills up shorter texts."""
        self._parts, self._rows, self._pad = list(parts), list(rows), pad

    def __len__(self) -> int:
        return max(len(rows) for rows in self._rows)

    def batch(self, rows: torch.Tensor, *, seed: int) -> Batch:
        found = [
            part.batch(own[rows % len(own)], seed=seed + number)
            for number, (part, own) in enumerate(zip(self._parts, self._rows, strict=True))
        ]
        task = torch.cat([torch.full((len(rows),), number) for number in range(len(found))])
        inputs = _together([batch.inputs for batch in found], {"input_ids": self._pad}, 0)
        targets = _together([batch.targets for batch in found], {}, IGNORED)
        return Batch({**inputs, "task": task}, targets, len(task))


class Again:
    """The same examples over and over, as one long list: a run over it is journalled by time, not after every few steps."""

    def __init__(self, data: Batches, length: int) -> None:
        self._data, self._length = data, length

    def __len__(self) -> int:
        return self._length

    def batch(self, rows: torch.Tensor, *, seed: int) -> Batch:
        return self._data.batch(rows % len(self._data), seed=seed)


def _together(
    parts: Sequence[Mapping[str, torch.Tensor]], fill: Mapping[str, int], other: int
) -> dict[str, torch.Tensor]:
    """Each tensor of all parts, one below the other; those of two axes filled up on the right to the widest."""
    names = [name for name in parts[0] if all(name in part for part in parts)]
    return {name: _stacked([part[name] for part in parts], fill.get(name, other)) for name in names}


def _stacked(tensors: Sequence[torch.Tensor], fill: int) -> torch.Tensor:
    if tensors[0].ndim != 2:
        return torch.cat(list(tensors))
    width = max(tensor.shape[1] for tensor in tensors)
    return torch.cat([torch.nn.functional.pad(tensor, (0, width - tensor.shape[1]), value=fill) for tensor in tensors])
