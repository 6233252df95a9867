"""Pictures that stand in the page itself: numbers between 0 and 1 become a small PNG, encoded files go in as they are."""

import base64
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from hub.pages.numbers import size
from workers.planning.pictures import MAX_PIXELS, picture_size, pixel_words

MOST_SIDE = 64
MOST_INLINE = 24 * 1024
_TYPES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


@dataclass(frozen=True)
class Picture:
    """`source` is an address or the bytes themselves; pixels are shown as squares when `is_small`."""

    source: str
    is_small: bool = False


def picture_of_values(values: Sequence[float], channels: int, height: int, width: int, *, most: float = 1.0) -> Picture:
    """`values` channel by channel, row by row, from 0 to `most`. One channel is grey, three and more are red, green and blue.

    Of what is wider than 64 pixels every n-th one is taken.
    """
    pace = max(1, -(-max(height, width) // MOST_SIDE))
    shown = range(3) if channels >= 3 else range(1)
    rows = []
    for y in range(0, height, pace):
        row = bytearray()
        for x in range(0, width, pace):
            row += bytes(_byte(values[(channel * height + y) * width + x] / most) for channel in shown)
        rows.append(bytes(row))
    return Picture(_inline("image/png", png_bytes(rows, len(shown))), is_small=max(height, width) // pace <= MOST_SIDE)


def picture_of_bytes(content: bytes) -> Picture | str:
    """An encoded picture, if it is one that browsers show and small enough to stand in a page; else the words to show in its place."""
    kind = next((kind for start, kind in _TYPES.items() if content.startswith(start)), None)
    if kind is None:
        return "not shown: no picture that browsers know"
    return unshown(content, len(content), MOST_INLINE) or Picture(_inline(kind, content))


def unshown(head: bytes, length: int, most: int) -> str:
    """Why a picture is not given to a browser; "" for one that is. SECURITY: a small file may unpack to gigabytes: its header says so.

    `head` are its first bytes, `length` all of them, of which at most `most` are sent.
    """
    claimed = picture_size(head)
    if claimed is not None and claimed[0] * claimed[1] > MAX_PIXELS:
        return f"not shown: {pixel_words(claimed)} pixels"
    return f"not shown: {size(length)}" if length > most else ""


def png_bytes(rows: Sequence[bytes], channels: int) -> bytes:
    """Eight bits a channel, grey or colour. W3C PNG, third edition, §10 and §11."""
    width = len(rows[0]) // channels if rows else 0
    head = struct.pack(">IIBBBBB", width, len(rows), 8, 0 if channels == 1 else 2, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, data) for name, data in ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _byte(share: float) -> int:
    # no number at all shows as black: NaN compares with nothing
    return round(min(1.0, max(0.0, share)) * 255) if share == share else 0


def _inline(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
