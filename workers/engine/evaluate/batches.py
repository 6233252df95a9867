"""What the tasks share: examples in parts and batches, and the refusal of answers that are no numbers."""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from workers.engine.predict.predictor import refused

Rows = NDArray[np.int64]


class Measured(Protocol):
    """What a task needs of its examples: `workers.engine.data.examples.Examples`, or a part of them."""

    name: str
    task: str
    labels: tuple[str, ...]

    def __len__(self) -> int: ...
    def take(self, rows: Sequence[int] | Rows) -> dict[str, Any]: ...
    def gold(self, rows: Sequence[int] | Rows) -> Any: ...
    def shas(self, rows: Sequence[int] | Rows | None = None) -> list[str]: ...
    def input_shas(self, rows: Sequence[int] | Rows | None = None) -> list[str]: ...


class Chosen:
    """Some rows of `whole`, as examples of their own."""

    def __init__(self, whole: Measured, rows: Rows) -> None:
        self.whole, self.rows = whole, rows
        self.name, self.task, self.labels = whole.name, whole.task, whole.labels

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, rows: Sequence[int] | Rows) -> dict[str, Any]:
        return self.whole.take(self._places(rows))

    def gold(self, rows: Sequence[int] | Rows) -> Any:
        return self.whole.gold(self._places(rows))

    def shas(self, rows: Sequence[int] | Rows | None = None) -> list[str]:
        return self.whole.shas(self._places(rows))

    def input_shas(self, rows: Sequence[int] | Rows | None = None) -> list[str]:
        return self.whole.input_shas(self._places(rows))

    def _places(self, rows: Sequence[int] | Rows | None) -> Rows:
        return self.rows if rows is None else self.rows[np.asarray(rows, dtype=np.int64)]


class Part(Chosen):
    """The rows `start:stop` of `whole`."""

    def __init__(self, whole: Measured, start: int, stop: int) -> None:
        super().__init__(whole, np.arange(start, stop, dtype=np.int64))
        self.start, self.stop = start, stop


def batches(examples: Measured, batch_size: int) -> Iterator[Rows]:
    """Rows in the order of the data, `batch_size` at a time."""
    for start in range(0, len(examples), batch_size):
        yield np.arange(start, min(start + batch_size, len(examples)))


def check_finite(values: NDArray[Any], rows: Rows, name: str) -> None:
    """Raises UserError when one of `values` `[b, ...]`, the answers to `rows`, is NaN or infinite."""
    broken = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if broken.any():
        row = int(rows[int(np.argmax(broken))])
        raise refused(
            "nan_predictions",
            f"{name} answers with NaN or infinity, first at example {row}. Its weights are broken or overflow.",
        )
