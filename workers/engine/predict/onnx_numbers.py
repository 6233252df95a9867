"""How many learned numbers an ONNX file holds: its initial tensors, and the lists of numbers in its nodes (trees, linear models).

Reads just enough of the protocol buffer format; see onnx.proto for the field numbers.
"""

from collections.abc import Iterator

_GRAPH, _NODE, _INITIALIZER, _ATTRIBUTE = 7, 1, 5, 5
_DIMENSIONS, _FLOATS, _TENSOR = 1, 7, 5
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5


def count_numbers(model: bytes) -> int:
    """Raises ValueError for bytes that are no protocol buffer."""
    total = 0
    for field, graph in _parts(memoryview(model)):
        if field != _GRAPH or isinstance(graph, int):
            continue
        for inner, part in _parts(graph):
            if isinstance(part, int):
                continue
            if inner == _INITIALIZER:
                total += _elements(part)
            elif inner == _NODE:
                total += sum(
                    _attribute(held)
                    for number, held in _parts(part)
                    if number == _ATTRIBUTE and not isinstance(held, int)
                )
    return total


def _attribute(part: memoryview) -> int:
    total = 0
    for field, held in _parts(part):
        if isinstance(held, int):
            continue
        if field == _FLOATS:
            total += len(held) // 4
        elif field == _TENSOR:
            total += _elements(held)
    return total


def _elements(tensor: memoryview) -> int:
    count = 1
    for field, held in _parts(tensor):
        if field == _DIMENSIONS:
            for size in [held] if isinstance(held, int) else _varints(held):
                count *= size
    return count


def _parts(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(field number, whole number or bytes) of a message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, at = _varint(message, at)
        elif kind in (_EIGHT, _FOUR):
            length = 8 if kind == _EIGHT else 4
        else:
            raise ValueError("no protocol buffer")
        if at + length > len(message):
            raise ValueError("a protocol buffer that is cut off")
        yield key >> 3, message[at : at + length]
        at += length


def _varints(packed: memoryview) -> Iterator[int]:
    at = 0
    while at < len(packed):
        value, at = _varint(packed, at)
        yield value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 64:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
    raise ValueError("a protocol buffer that is cut off")
