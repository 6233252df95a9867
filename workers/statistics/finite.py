"""How many numbers of a weight file are NaN or infinite, told by their bits: no dtype needs a library that can compute with it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Form:
    """Without its sign, a number above `last` is NaN or infinite; `infinite` is the one that is infinite, None where the form has none."""

    bits: str
    magnitude: int
    last: int
    infinite: int | None


# IEEE 754: all bits of the exponent set; the fraction is zero for infinity alone. E4M3 gives all of that but one value to finite numbers.
FORMS: dict[str, Form] = {
    "F64": Form("<u8", 0x7FFF_FFFF_FFFF_FFFF, 0x7FEF_FFFF_FFFF_FFFF, 0x7FF0_0000_0000_0000),
    "F32": Form("<u4", 0x7FFF_FFFF, 0x7F7F_FFFF, 0x7F80_0000),
    "F16": Form("<u2", 0x7FFF, 0x7BFF, 0x7C00),
    "BF16": Form("<u2", 0x7FFF, 0x7F7F, 0x7F80),
    "F8_E5M2": Form("<u1", 0x7F, 0x7B, 0x7C),
    "F8_E4M3": Form("<u1", 0x7F, 0x7E, None),
}
_STRETCH = 1 << 20  # bytes at once: they and what is worked out of them stay in the cache


@dataclass(frozen=True)
class Span:
    """A tensor in a file: the bytes from `begin` to `end`. `dtype` is safetensors' own name."""

    name: str
    dtype: str
    begin: int
    end: int


@dataclass(frozen=True)
class Broken:
    """What a tensor holds that is no finite number."""

    name: str
    nan: int
    infinite: int


def count(raw: bytes | memoryview, form: Form) -> tuple[int, int]:
    """(NaN, infinite) among whole numbers of this form."""
    dtype = np.dtype(form.bits)
    view = np.frombuffer(raw, dtype=dtype)
    magnitude, last = dtype.type(form.magnitude), dtype.type(form.last)
    bad = infinite = 0
    step = _STRETCH // dtype.itemsize
    for start in range(0, view.size, step):
        plain = view[start : start + step] & magnitude
        if plain.max() > last:
            bad += int(np.count_nonzero(plain > last))
            if form.infinite is not None:
                infinite += int(np.count_nonzero(plain == dtype.type(form.infinite)))
    return bad - infinite, infinite


def broken_of(spans: Sequence[Span], chunks: Iterable[bytes], start: int = 0) -> Iterator[Broken]:
    """Reads a file once, from its byte `start` on. `spans` overlap nowhere; what is no floating number is passed over.

    Memory: one chunk and a number that two chunks share.

    Raises:
        ValueError: the file ends before the last tensor does.
    """
    pieces = _Pieces(chunks, start)
    for span in sorted((span for span in spans if span.end > span.begin), key=lambda span: span.begin):
        form = FORMS.get(span.dtype)
        pieces.skip_to(span.begin if form is not None else span.end)
        if form is None:
            continue
        nan = infinite = 0
        for piece in pieces.until(span.end, np.dtype(form.bits).itemsize):
            more = count(piece, form)
            nan, infinite = nan + more[0], infinite + more[1]
        if nan or infinite:
            yield Broken(span.name, nan, infinite)


class _Pieces:
    """Chunks of any length, cut anew at places of the file."""

    def __init__(self, chunks: Iterable[bytes], start: int) -> None:
        self._chunks = iter(chunks)
        self._held = memoryview(b"")
        self._place = start

    def skip_to(self, place: int) -> None:
        while self._place < place:
            self._take(place - self._place)

    def until(self, end: int, size: int) -> Iterator[bytes | memoryview]:
        """Whole numbers of `size` bytes each, up to the byte `end`."""
        rest = b""
        while self._place < end:
            piece: bytes | memoryview = self._take(end - self._place)
            if rest:
                piece = rest + bytes(piece)
            whole = len(piece) // size * size
            rest = bytes(piece[whole:])
            if whole:
                yield piece[:whole]

    def _take(self, most: int) -> memoryview:
        if not len(self._held):
            chunk = next(self._chunks, None)
            if chunk is None:
                raise ValueError(f"the file ends at byte {self._place}, before its last tensor does")
            self._held = memoryview(chunk)
        taken, self._held = self._held[:most], self._held[most:]
        self._place += len(taken)
        return taken
