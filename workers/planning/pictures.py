"""What a picture says of itself before anything decodes it: PNG and JPEG, from their headers alone."""

import struct

from workers.planning.wording import number

# A small file may claim to unpack to gigabytes: pictures above this are never decoded.
MAX_PIXELS = 32 * 2**20
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
# Headers lie within the first bytes, unless a JPEG carries a preview of itself before them.
HEADER_BYTES = 2**16
# PNG's colour types without colour: grey, and grey with transparency.
_GREY = frozenset({0, 4})
# Frame headers hold the size; C4, C8 and CC look like them and hold tables.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})


def picture_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) of a PNG or JPEG; None for anything else, or for a header that is cut off."""
    if data.startswith(PNG):
        return struct.unpack(">II", data[16:24]) if data[12:16] == b"IHDR" and len(data) >= 24 else None
    return _jpeg_size(data) if data.startswith(JPEG) else None


def picture_shape(data: bytes) -> tuple[int, int, int] | None:
    """(channels, height, width) as the picture is decoded: one channel where it holds no colour, else three."""
    size = picture_size(data)
    if size is None:
        return None
    if data.startswith(PNG):
        is_grey = data[25:26] != b"" and data[25] in _GREY
    else:
        frame = _jpeg_frame(data)
        is_grey = frame is not None and data[frame + 9 : frame + 10] == b"\x01"
    return 1 if is_grey else 3, size[1], size[0]


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    frame = _jpeg_frame(data)
    if frame is None:
        return None
    height, width = struct.unpack(">HH", data[frame + 5 : frame + 9])
    return width, height


def _jpeg_frame(data: bytes) -> int | None:
    """Where the frame header lies that holds the size."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF or marker in _ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAMES:
            return at if at + 9 <= len(data) else None
        at += 2 + max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
    return None


def pixel_words(size: tuple[int, int]) -> str:
    """`20 000 × 20 000`."""
    return " × ".join(number(side) for side in size)
