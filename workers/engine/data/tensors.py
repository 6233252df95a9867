"""Splits of tensors: `data/<split>.safetensors`, each tensor a column whose first axis counts the rows. Mapped, never read as a whole.

`images` `[n, channels, height, width]` float32 in 0-1, or uint8; `labels` int64 `[n]`; any other tensor `[n]` or `[n, width]`.
Metadata `names` (JSON: column → list of names) says what classes are called.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.engine.data.columns import ArrayColumn, Column
from workers.engine.data.refusals import refused
from workers.planning.headers import Header, HeaderError, HeaderTensor, read_header
from workers.planning.preview import names_in

_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "<i1", "U8": "<u1",
    "U16": "<u2", "U32": "<u4", "U64": "<u8", "BOOL": "?",
}  # fmt: skip
_CHECKED_ROWS = 4096


def open_tensors(folder: Path, files: tuple[str, ...], what: str) -> dict[str, Column]:
    if len(files) > 1:
        raise refused("split_twice", f"The split {what} lies in {len(files)} tensor files. One file holds one split.")
    path = folder / files[0]
    header = _header(path, files[0], what)
    arrays = {name: _mapped(path, name, tensor, what) for name, tensor in header.tensors.items()}
    if not arrays:
        raise refused("data_incomplete", f"{files[0]} of {what} holds no tensors.")
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} {length}" for name, length in sorted(lengths.items())[:8])
        raise refused("data_shape", f"The tensors of {what} have different numbers of rows: {told}.")
    names = names_in(header.metadata)
    return {name: _column(name, array, names.get(name, ()), what) for name, array in sorted(arrays.items())}


def _header(path: Path, file: str, what: str) -> Header:
    try:
        with path.open("rb") as opened:
            return read_header(opened, path.stat().st_size)
    except HeaderError as error:
        raise refused("data_unreadable", f"{file} of {what} is not a safetensors file. {error.message}") from error


def _mapped(path: Path, name: str, tensor: HeaderTensor, what: str) -> NDArray[Any]:
    dtype = _DTYPES.get(tensor.dtype)
    if dtype is None:
        raise refused("data_shape", f"The tensor {name} of {what} is {tensor.dtype}. Save it as float32.")
    if not tensor.shape or len(tensor.shape) > 4 or len(tensor.shape) == 3:
        shape = list(tensor.shape)
        raise refused(
            "data_shape", f"{name} in {what} must be [n], [n, width] or [n, channels, height, width], not {shape}."
        )
    if 0 in tensor.shape:
        return np.zeros(tensor.shape, dtype)
    mapped: NDArray[Any] = np.memmap(path, dtype, mode="r", offset=tensor.begin, shape=tensor.shape)
    return mapped


def _column(name: str, array: NDArray[Any], names: tuple[str, ...], what: str) -> Column:
    if array.ndim == 4 and array.dtype not in (np.dtype("<f4"), np.dtype("u1")):
        raise refused("data_shape", f"{name} in {what} must be float32 in 0-1 or uint8, not {array.dtype}.")
    if array.dtype.kind == "f":
        _check_finite(name, array, what)
    return ArrayColumn(array, type="image" if array.ndim == 4 else "", names=names)


def _check_finite(name: str, array: NDArray[Any], what: str) -> None:
    broken = 0
    for start in range(0, len(array), _CHECKED_ROWS):  # in parts: the file may be larger than memory
        part = np.isfinite(array[start : start + _CHECKED_ROWS]).reshape(-1, int(np.prod(array.shape[1:])))
        broken += int((~part.all(axis=1)).sum())
    if broken:
        raise refused("data_not_finite", f"{broken} of {len(array)} rows of {name} in {what} hold NaN or infinity.")
