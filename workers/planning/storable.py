"""Whether somebody's JSON or YAML can be kept and passed on as it is."""

import math
from typing import Any

_MAX_DEPTH = 50


def is_storable(value: Any) -> bool:
    """No NUL, no half characters, no infinities, no depth that other readers stumble over: databases refuse them all."""
    stack: list[tuple[Any, int]] = [(value, 0)]
    while stack:
        item, depth = stack.pop()
        if depth > _MAX_DEPTH:
            return False
        if isinstance(item, dict):
            stack += [(part, depth + 1) for pair in item.items() for part in pair]
        elif isinstance(item, list):
            stack += [(part, depth + 1) for part in item]
        elif isinstance(item, str):
            if "\0" in item or any("\ud800" <= character <= "\udfff" for character in item):
                return False
        elif isinstance(item, float) and not math.isfinite(item):
            return False
    return True
