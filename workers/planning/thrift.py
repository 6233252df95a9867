"""The compact form of Thrift, as far as parquet footers use it. SECURITY: somebody else's bytes: depth and work are bounded, nothing is trusted."""

from typing import Any

MAX_DEPTH = 32
MAX_VALUES = 2**19
_TRUE, _FALSE, _BYTE, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 6, 7, 8, 9, 10, 11, 12


class ThriftError(ValueError):
    """The bytes are cut off, nested too deeply, or no Thrift at all."""


class Reader:
    """Structs become {field number: value}, lists lists, numbers int, text bytes."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.place, self.left = raw, 0, MAX_VALUES

    def struct(self, *, until: int | None = None, depth: int = 0) -> dict[int, Any]:
        """One struct. `until` leaves out the fields from that number on, which are then not even looked at."""
        if depth > MAX_DEPTH:
            raise ThriftError("nested too deeply")
        found: dict[int, Any] = {}
        number = 0
        while kind := (head := self._byte()) & 15:
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            if until is not None and number >= until:
                break
            found[number] = self._value(kind, depth, is_field=True)
        return found

    def _value(self, kind: int, depth: int, *, is_field: bool = False) -> Any:
        self.left -= 1
        if self.left < 0:
            raise ThriftError("too many values")
        if kind in (_TRUE, _FALSE):
            # A field's truth value lies in its head, an item's in a byte of its own.
            return kind == _TRUE if is_field else self._byte() == _TRUE
        if kind == _BYTE:
            return self._byte()
        if _BYTE < kind <= _I64:
            return self._zigzag()
        if kind == _DOUBLE:
            return self._bytes(8)
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind in (_LIST, _SET):
            return self._list(depth + 1)
        if kind == _STRUCT:
            return self.struct(depth=depth + 1)
        raise ThriftError(f"a value of kind {kind}")

    def _list(self, depth: int) -> list[Any]:
        if depth > MAX_DEPTH:
            raise ThriftError("nested too deeply")
        head = self._byte()
        size = head >> 4 if head >> 4 < 15 else self._varint()
        if size > len(self.raw) - self.place:  # every item takes at least one byte
            raise ThriftError("cut off")
        return [self._value(head & 15, depth) for _ in range(size)]

    def _byte(self) -> int:
        if self.place >= len(self.raw):
            raise ThriftError("cut off")
        self.place += 1
        return self.raw[self.place - 1]

    def _bytes(self, length: int) -> bytes:
        if length > len(self.raw) - self.place:
            raise ThriftError("cut off")
        self.place += length
        return self.raw[self.place - length : self.place]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise ThriftError("a number of more than 64 bits")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
