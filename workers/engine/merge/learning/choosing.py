"""CHOOSING what to learn from: so many examples of each class, or those whose class a mixture is surest of."""

import torch

from workers.engine.merge.learning.abreast import Abreast
from workers.engine.merge.learning.mixture import Mixture
from workers.engine.merge.learning.student import Student, rows_drawn
from workers.engine.train.draws import derived_seed
from workers.engine.train.losses import Batch, Batches

# Examples that are looked at at a time, and the most that are trusted of one class.
CHUNK, MOST = 128, 100


class Guessed:
    """The examples `rows` of `data`, with `labels` int64 `[rows]` in place of whatever they were given."""

    def __init__(self, data: Batches, rows: torch.Tensor, labels: torch.Tensor) -> None:
        self._data, self._rows, self._labels = data, rows, labels

    def __len__(self) -> int:
        return len(self._rows)

    def batch(self, rows: torch.Tensor, *, seed: int) -> Batch:
        made = self._data.batch(self._rows[rows], seed=seed)
        return Batch(made.inputs, {"labels": self._labels[rows]}, made.units)


def few_shot(student: Student, shots: int) -> Abreast:
    """`shots` labelled examples of each class of every dataset, or all of a class that has fewer, drawn with the seed."""
    parts = [student.batches(number) for number in range(len(student.learning.data))]
    return Abreast(parts, [_of_each_class(student, part, number, shots) for number, part in enumerate(parts)])


def _of_each_class(student: Student, part: Batches, number: int, shots: int) -> torch.Tensor:
    labels = torch.cat(
        [part.batch(rows, seed=0).targets["labels"] for rows in torch.split(torch.arange(len(part)), CHUNK)]
    )
    generator = torch.Generator().manual_seed(derived_seed(student.learning.seed, f"shots/{number}"))
    order = torch.randperm(len(part), generator=generator)
    return torch.cat([order[labels[order] == label][:shots] for label in torch.unique(labels)]).sort().values


@torch.no_grad()
def trusted(student: Student, mixture: Mixture, count: int) -> Abreast:
    """Of `count` examples of every dataset those that the mixture is surest of, with its answers as their labels.

    Of each class that it answers the min(⌊count / classes⌋, 100) with the highest probability, one at least; ties by row.
    """
    parts: list[Batches] = []
    for number in range(len(student.learning.data)):
        data = student.batches(number)
        rows = rows_drawn(len(data), count, seed=student.learning.seed, purpose=f"data/{number}")
        chances = torch.cat([_answers(student, mixture, data, some) for some in torch.split(rows, CHUNK)])
        sure, labels = chances.max(dim=-1)
        most = max(1, min(len(rows) // chances.shape[-1], MOST))
        order = sure.argsort(descending=True, stable=True)
        chosen = torch.cat([order[labels[order] == label][:most] for label in torch.unique(labels)]).sort().values
        parts.append(Guessed(data, rows[chosen], labels[chosen]))
    return Abreast(parts, [torch.arange(len(part)) for part in parts])


def _answers(student: Student, mixture: Mixture, data: Batches, rows: torch.Tensor) -> torch.Tensor:
    """Probabilities `[rows, classes]`, on the processor."""
    batch = data.batch(rows, seed=derived_seed(student.learning.seed, "trusted"))
    answer = mixture(task=torch.zeros(len(rows), dtype=torch.int64), **batch.inputs)
    return torch.softmax(answer.logits.float(), dim=-1).cpu()
