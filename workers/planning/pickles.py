"""Recognises pickles, and containers that carry them, from the first and last bytes of a file. Opens nothing."""

import bz2
import io
import lzma
import pickletools
import re
import zlib
from collections.abc import Callable

SNIFF_BYTES = 65_536
_WALK_OPCODES = 256
_DOTTED = re.compile(r"[A-Za-z_][\w.]* [A-Za-z_][\w.]*")
_MEMO = {"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "GET", "BINGET"}
_PICKLED_MEMBER = re.compile(
    rb"(?:data\.pkl|\.pkl|\.pickle|\.pt|\.pth|\.ckpt|\.joblib|\.npy|\.h5|\.hdf5)(?:PK|[\x00-\x08\x0e-\x1f]|$|\x80)",
    re.IGNORECASE,
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ZIP_RECORDS = re.compile(rb"PK(?:\x03\x04.{22}|\x01\x02.{24})", re.DOTALL)
_HDF5 = b"\x89HDF\r\n\x1a\n"
_NPY = b"\x93NUMPY"
_NPY_OBJECT = re.compile(rb"""["'][|<>=]?O\d*["']""")


def pickle_form(head: bytes, size: int, tail: bytes = b"") -> str | None:
    """What kind of pickle this is, as a noun for a message, or None."""
    head = head[:SNIFF_BYTES]
    form = _plain_form(head, size, tail)
    if form is not None:
        return form
    inner = _unpacked(head)
    # One level only: nothing that is packed twice is opened by a loader of ours or of the common libraries.
    if inner and _plain_form(inner, len(inner), b"") is not None:
        return "a compressed pickle"
    return None


def _plain_form(head: bytes, size: int, tail: bytes) -> str | None:
    if head.startswith(_HDF5):
        return "HDF5 data (Keras layers in it may carry code)"
    if head.startswith(_NPY):
        return "a NumPy array of Python objects" if _npy_holds_objects(head) else None
    if head.startswith(_ZIP):
        return "a zip archive with a pickle in it" if _zip_holds_pickle(head, tail) else None
    if _looks_like_safetensors(head, size):
        return None
    if len(head) > 1 and head[0] == 0x80 and 2 <= head[1] <= 5:
        return "a pickle"
    if len(head) > 262 and head[257:262] == b"ustar" and _PICKLED_MEMBER.search(head[:100]):
        return "a tar archive with a pickle in it"
    return "a pickle" if _walks_as_pickle(head, size) else None


def _looks_like_safetensors(head: bytes, size: int) -> bool:
    """The length field of a valid header may begin with the bytes of a pickle: 640 is `80 02`. The brace behind it decides."""
    return len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") + 8 <= size


def _npy_holds_objects(head: bytes) -> bool:
    start = 10 if head[6:7] == b"\x01" else 12
    length = int.from_bytes(head[8:start], "little")
    return length > SNIFF_BYTES or _NPY_OBJECT.search(head[start : start + length]) is not None


def _zip_holds_pickle(head: bytes, tail: bytes) -> bool:
    for part in (head, tail):
        for record in _ZIP_RECORDS.finditer(part):
            begin = record.start()
            local = part[begin + 2 : begin + 4] == b"\x03\x04"
            length_at, name_at = (begin + 26, begin + 30) if local else (begin + 28, begin + 46)
            length = int.from_bytes(part[length_at : length_at + 2], "little")
            if _PICKLED_MEMBER.search(part[name_at : name_at + length]):
                return True
    return False


def _unpacked(head: bytes) -> bytes:
    """The first bytes inside a compressed stream, b"" when it is none. `max_length` keeps a bomb from going off."""
    openers: tuple[tuple[bytes, Callable[[], bytes]], ...] = (
        (b"\x1f\x8b", lambda: zlib.decompressobj(31).decompress(head, 4096)),
        (b"x", lambda: zlib.decompressobj().decompress(head, 4096)),
        (b"BZh", lambda: bz2.BZ2Decompressor().decompress(head, 4096)),
        (b"\xfd7zXZ", lambda: lzma.LZMADecompressor(memlimit=2**27).decompress(head, 4096)),
        (b"\x5d\x00\x00", lambda: lzma.LZMADecompressor(memlimit=2**27).decompress(head, 4096)),
    )
    for magic, opener in openers:
        if head.startswith(magic):
            try:
                return opener()
            except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError):
                return b""
    return b""


def _walks_as_pickle(head: bytes, size: int) -> bool:
    """Reads opcodes without carrying any out: protocols 0 and 1 have no magic number.

    Text is told apart by what it would have to hold: no byte that is no opcode, and a callable named by identifiers, or a
    memo and a last byte that says stop.
    """
    names_callable = remembers = False
    try:
        for count, (opcode, argument, position) in enumerate(pickletools.genops(io.BytesIO(head))):
            names_callable = names_callable or _is_callable(opcode.name, argument)
            remembers = remembers or opcode.name in _MEMO
            if opcode.name == "STOP":
                return names_callable or (remembers and position is not None and position + 1 == size)
            if count >= _WALK_OPCODES:
                return names_callable or remembers
    except Exception as error:  # pickletools raises what it likes on bytes that are no pickle
        cut_off = len(head) < size and "unknown" not in str(error)
        return cut_off and names_callable
    return False


def _is_callable(opcode: str, argument: object) -> bool:
    if opcode in {"GLOBAL", "INST"}:
        return _DOTTED.fullmatch(str(argument)) is not None
    return opcode in {"STACK_GLOBAL", "EXT1", "EXT2", "EXT4"}
