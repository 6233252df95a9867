"""Amounts as people write them: `8GB`, `512 MiB`, `1.5M`, `7B`. The same on the command line, in addresses and in forms."""

import re

LARGEST = 2**62
_BYTES = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:([kmgt])(i?)b?|b)?", re.IGNORECASE)
_COUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmbt]?)", re.IGNORECASE)


def bytes_of(text: str) -> int | None:
    """A number of bytes: powers of ten, with an `i` powers of two; at most LARGEST. None for anything else."""
    match = _BYTES.fullmatch(text.strip())
    if match is None:
        return None
    power = "kmgt".index(match[2].lower()) + 1 if match[2] else 0
    return _whole(match[1], (1024 if match[3] else 1000) ** power)


def count_of(text: str) -> int | None:
    """A number of things in thousands, millions, billions (`B`) or trillions; at most LARGEST. None for anything else."""
    match = _COUNT.fullmatch(text.strip())
    return None if match is None else _whole(match[1], 1000 ** " kmbt".index(match[2].lower() or " "))


def _whole(digits: str, unit: int) -> int:
    # A float of many digits is infinite, which is no int: the bound comes first.
    return int(min(float(digits) * unit, LARGEST))
