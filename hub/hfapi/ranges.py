"""`Range: bytes=…`, one range only."""

import re

from hub.core.errors import ApplicationError

_ONE = re.compile(r"bytes=(\d*)-(\d*)")


class RangeNotSatisfiable(ApplicationError):
    status, code, title = 416, "range_not_satisfiable", "Range not satisfiable"


def range_parse(header: str, size: int) -> tuple[int, int] | None:
    """(start, end) with `end` exclusive; None when the whole is to be sent: no range, several, another unit, or an empty file."""
    match = _ONE.fullmatch(header.replace(" ", "")) if header else None
    if match is None or match.groups() == ("", "") or size == 0:
        return None
    first, last = match[1][:19], match[2][:19]
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    if last and first and int(last) < int(first):
        return None  # not a range at all, to be ignored
    if start >= size or start >= end:
        raise RangeNotSatisfiable(f"The file has {size} bytes.", headers={"Content-Range": f"bytes */{size}"})
    return start, end
