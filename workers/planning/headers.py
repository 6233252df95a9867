"""The strict reader of safetensors headers. Nothing else in Genepool trusts a weight file before it passed here.

Stricter than the format where the format is lax: a header of at most 25 MB, no name twice, tensors that lie one after
another without gap or overlap and end exactly at the end of the file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from workers.contracts.facts import DTYPE_BYTES, TensorFact

MAX_HEADER_BYTES = 25_000_000
MAX_TENSORS = 100_000
MAX_RANK = 8
MAX_NAME_CHARACTERS = 512
MAX_FILE_BYTES = 2**62
LENGTH_BYTES = 8
METADATA = "__metadata__"
_FIELDS = {"dtype", "shape", "data_offsets"}
# A tensor entry has at most rank + 4 commas; a header with many more spends memory on lists that no tensor can own.
_MAX_COMMAS = MAX_TENSORS * 16


class HeaderError(ValueError):
    """`code` is stable and snake case; the message is for people and names no path."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class HeaderTensor:
    """`begin` and `end` are bytes from the start of the file."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True)
class Header:
    """`data_begin` is where the first tensor starts: 8 bytes of length plus the JSON."""

    tensors: Mapping[str, HeaderTensor]
    metadata: Mapping[str, str]
    data_begin: int

    def facts(self, path: str) -> dict[str, TensorFact]:
        return {
            name: TensorFact(dtype=tensor.dtype, shape=tensor.shape, file=path, begin=tensor.begin, end=tensor.end)
            for name, tensor in self.tensors.items()
        }


def read_header(file: Readable, size: int) -> Header:
    """Reads from the start of `file`, which is `size` bytes long. Raises HeaderError and nothing else for any content."""
    length = header_length(_exactly(file, LENGTH_BYTES), size)
    return parse_header(_exactly(file, length), size)


def header_length(first: bytes, size: int) -> int:
    """The length of the JSON, from the first eight bytes; refused before anything of that length is read."""
    if size < LENGTH_BYTES or len(first) < LENGTH_BYTES:
        raise HeaderError("header_truncated", f"The file has {size} bytes, a safetensors file has at least 8.")
    length = int.from_bytes(first[:LENGTH_BYTES], "little")
    if length > MAX_HEADER_BYTES:
        raise HeaderError(
            "header_too_large",
            f"The header claims {length} bytes, at most {MAX_HEADER_BYTES} are read. Is this safetensors?",
        )
    if LENGTH_BYTES + length > size:
        raise HeaderError("header_truncated", f"The header claims {length} bytes, the file has {size}. It was cut off.")
    return length


def parse_header(raw: bytes, size: int) -> Header:
    """`raw` is the JSON part, `size` the bytes of the whole file."""
    if size > MAX_FILE_BYTES:
        raise HeaderError("header_overflow", f"The file claims {size} bytes, more than can be addressed.")
    document = _json(raw)
    data_begin = LENGTH_BYTES + len(raw)
    metadata = _metadata(document.pop(METADATA, {}))
    if len(document) > MAX_TENSORS:
        raise HeaderError("header_too_many_tensors", f"{len(document)} tensors, at most {MAX_TENSORS} are read.")
    tensors = {name: _tensor(name, entry, data_begin) for name, entry in document.items()}
    _check_layout(tensors, data_begin, size)
    return Header(tensors, metadata, data_begin)


def _exactly(file: Readable, length: int) -> bytes:
    parts = []
    left = length
    while left:
        part = file.read(left)
        if not part:
            raise HeaderError(
                "header_truncated", f"{length - left} of {length} bytes of the header are there. It was cut off."
            )
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _json(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise HeaderError("header_not_utf8", "The header is not UTF-8 text. Is this safetensors?") from None
    if not text.startswith("{"):
        raise HeaderError("header_not_json", "The header does not start with a brace. Is this safetensors?")
    if raw.count(b",") > _MAX_COMMAS:
        raise HeaderError("header_too_many_tensors", f"The header lists more than {MAX_TENSORS} tensors could need.")
    try:
        document = json.loads(text, object_pairs_hook=_Objects(), parse_constant=_no_constant)
    except HeaderError:
        raise
    except RecursionError:
        raise HeaderError("header_too_deep", "The header is nested deeper than a tensor list is.") from None
    except ValueError:
        raise HeaderError("header_not_json", "The header is not JSON.") from None
    if not isinstance(document, dict):
        raise HeaderError("header_not_json", "The header is not a JSON object.")
    return document


class _Objects:
    """Refuses repeated names, which JSON readers settle differently, and stops counting objects at the cap."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        self.count += 1
        if self.count > MAX_TENSORS + 2:
            raise HeaderError("header_too_many_tensors", f"More than {MAX_TENSORS} tensors.")
        result = dict(pairs)
        if len(result) != len(pairs):
            seen: set[str] = set()
            twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
            raise HeaderError("header_duplicate_name", f"{_shown(twice)} is listed twice.")
        return result


def _no_constant(text: str) -> Any:
    raise HeaderError("header_not_json", f"The header holds {text}, which JSON has not.")


def _metadata(entry: Any) -> dict[str, str]:
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise HeaderError("header_metadata", "The header's metadata is not a list of texts.")
    return entry


def _tensor(name: str, entry: Any, data_begin: int) -> HeaderTensor:
    if not 0 < len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
        raise HeaderError(
            "header_name",
            f"The name {_shown(name)} is empty, longer than {MAX_NAME_CHARACTERS} characters or not printable.",
        )
    if not isinstance(entry, dict) or set(entry) != _FIELDS:
        raise HeaderError("header_entry", f"{_shown(name)} needs exactly dtype, shape and data_offsets.")
    dtype = entry["dtype"]
    if not isinstance(dtype, str) or dtype not in DTYPE_BYTES:
        raise HeaderError(
            "header_dtype", f"{_shown(name)} has the number format {_shown(str(dtype))}, which is not known."
        )
    shape = _integers(entry["shape"])
    if shape is None:
        raise HeaderError("header_shape", f"The shape of {_shown(name)} is not a list of whole numbers.")
    if len(shape) > MAX_RANK:
        raise HeaderError("header_rank", f"{_shown(name)} has {len(shape)} axes, at most {MAX_RANK} are read.")
    offsets = _integers(entry["data_offsets"])
    if offsets is None or len(offsets) != 2 or offsets[0] > offsets[1] or offsets[1] > MAX_FILE_BYTES:
        raise HeaderError("header_offsets", f"The offsets of {_shown(name)} are not two places in order.")
    _check_size(name, dtype, shape, offsets[1] - offsets[0])
    return HeaderTensor(dtype, shape, data_begin + offsets[0], data_begin + offsets[1])


def _integers(value: Any) -> tuple[int, ...] | None:
    if not isinstance(value, list) or not all(type(item) is int and item >= 0 for item in value):
        return None
    return tuple(value)


def _check_size(name: str, dtype: str, shape: tuple[int, ...], size: int) -> None:
    # The product of the axes that are not zero is bounded too: other readers multiply them before they see the zero.
    product = DTYPE_BYTES[dtype]
    for axis in shape:
        product *= axis or 1
        if product > MAX_FILE_BYTES:
            raise HeaderError("header_overflow", f"The shape of {_shown(name)} is larger than can be addressed.")
    needed = 0 if 0 in shape else product
    if needed != size:
        raise HeaderError(
            "header_size", f"{_shown(name)} needs {needed} bytes by its shape and has {size} by its offsets."
        )


def _check_layout(tensors: Mapping[str, HeaderTensor], data_begin: int, size: int) -> None:
    place = data_begin
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end)):
        if tensor.begin < place:
            raise HeaderError(
                "header_overlap", f"{_shown(name)} overlaps the tensor before it by {place - tensor.begin} bytes."
            )
        if tensor.begin > place:
            raise HeaderError("header_gap", f"{tensor.begin - place} bytes before {_shown(name)} belong to no tensor.")
        place = tensor.end
    if place > size:
        raise HeaderError("header_truncated", f"The tensors need {place} bytes, the file has {size}. It was cut off.")
    if place < size:
        raise HeaderError("header_trailing", f"{size - place} bytes after the last tensor belong to none.")


def _shown(name: str) -> str:
    """A name as a message may show it: short, and without characters that would act on a terminal."""
    text = "".join(character if character.isprintable() else "?" for character in name[:80])
    return text + ("…" if len(name) > 80 else "") if text else "an empty name"
