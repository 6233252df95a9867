"""What a person types into a field, as recipe data, and back. What is no number stays text: the check says what is wrong with it."""

import json
from typing import Any

from workers.contracts.documents import scalar_of


def value_of(text: str) -> Any:
    """`0.3` → 0.3, `[0, 1]` → a gradient, `abc` → "abc". Empty text is no value at all: None."""
    text = text.strip().replace("\u202f", "").replace("\u2212", "-")
    if not text:
        return None
    if text.startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return scalar_of(text)


def text_of(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}" if abs(value) < 1e15 else repr(value)
    if isinstance(value, list | dict):
        return json.dumps(value)
    return str(value)
