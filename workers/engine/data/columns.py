"""COLUMNS of a split: rows by number, in flat memory whatever the size. Tensors and Arrow files are mapped, pictures decoded when asked for."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Rows = NDArray[np.int64]
_LIST = "list<item: "


class Column(Protocol):
    """`type` is an Arrow type in words, or `image`; `names` the classes that whole numbers stand for, where the file says so."""

    type: str
    names: tuple[str, ...]

    def __len__(self) -> int: ...
    def take(self, rows: Rows) -> list[Any] | NDArray[Any]:
        """The values of `rows`, in that order. Pictures are float32 `[channels, height, width]` in 0-1."""
        ...


class ArrayColumn:
    """Rows of a numpy array, mostly one that is mapped from a file: `[n]` or `[n, width]`, or pictures `[n, c, h, w]`."""

    def __init__(self, array: NDArray[Any], *, type: str = "", names: tuple[str, ...] = ()) -> None:
        self.array, self.names = array, names
        self.type = type or _array_type(array)

    def __len__(self) -> int:
        return len(self.array)

    def take(self, rows: Rows) -> NDArray[Any]:
        taken: NDArray[Any] = self.array[rows]
        if self.type == "image" and taken.dtype == np.uint8:
            return taken.astype(np.float32) / np.float32(255)
        return np.ascontiguousarray(taken)


class ArrowColumn:
    """One column of record batches. Taken batch by batch: taking from chunks as a whole would join them in memory first."""

    def __init__(self, chunks: Sequence[pa.Array], kind: str, *, names: tuple[str, ...] = ()) -> None:
        self.chunks, self.type, self.names = list(chunks), kind, names
        self.starts = np.cumsum([0, *(len(chunk) for chunk in self.chunks)])
        # Numbers are seen through numpy where they lie: nothing is read here, and single rows come without Arrow's overhead.
        is_plain = _is_number(kind) and not any(chunk.null_count for chunk in self.chunks)
        self._views = [chunk.to_numpy(zero_copy_only=True) for chunk in self.chunks] if is_plain else None

    def __len__(self) -> int:
        return int(self.starts[-1])

    def take(self, rows: Rows) -> list[Any] | NDArray[Any]:
        places = np.searchsorted(self.starts, rows, side="right") - 1
        if self._views is not None and self._views:
            return _picked(self._views, places, rows - self.starts[places])
        cuts = [0, *(np.flatnonzero(np.diff(places)) + 1).tolist(), len(rows)]  # runs of rows that lie in one batch
        parts = [
            self.chunks[places[begin]].take(pa.array(rows[begin:end] - self.starts[places[begin]]))
            for begin, end in itertools.pairwise(cuts) if end > begin
        ]  # fmt: skip
        if self.type.startswith(_LIST) and _is_number(self.type.removeprefix(_LIST)) and parts:
            matrix = _matrix(parts)
            if matrix is not None:
                return matrix
        return [value for part in parts for value in part.to_pylist()]


class PictureColumn:
    """Pictures in PNG, JPEG or WebP, each decoded when it is taken. `source` gives the bytes, or what Pillow opens."""

    type = "image"
    names: tuple[str, ...] = ()

    def __init__(self, source: Column, decode: Callable[[Any], NDArray[np.float32]]) -> None:
        self.source, self.decode = source, decode

    def __len__(self) -> int:
        return len(self.source)

    def take(self, rows: Rows) -> list[NDArray[np.float32]]:
        return [self.decode(value) for value in self.source.take(rows)]


def _array_type(array: NDArray[Any]) -> str:
    item = str(pa.from_numpy_dtype(array.dtype))
    return item if array.ndim == 1 else f"fixed_size_list<item: {item}>[{array.shape[1]}]"


def _is_number(kind: str) -> bool:
    return kind.startswith(("int", "uint", "float", "double", "halffloat"))


def _picked(views: list[NDArray[Any]], places: Rows, offsets: Rows) -> NDArray[Any]:
    """`views[place][offset]` of each pair, batch by batch."""
    taken = np.empty(len(places), views[0].dtype)
    for place in np.unique(places):
        here = places == place
        taken[here] = views[place][offsets[here]]
    return taken


def _matrix(parts: list[pa.Array]) -> NDArray[Any] | None:
    """Lists of numbers as one array `[m, width]`, without a Python object for each; None where lengths differ or one is missing."""
    lengths = {length for part in parts for length in part.value_lengths().unique().to_pylist()}
    if len(lengths) != 1 or None in lengths or any(part.flatten().null_count for part in parts):
        return None
    width = lengths.pop()
    return np.concatenate([part.flatten().to_numpy(zero_copy_only=False).reshape(len(part), width) for part in parts])
