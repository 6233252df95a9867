"""Reads the options of a definition. They are somebody's document: each one is checked, and what is wrong is said."""

from collections.abc import Mapping
from typing import Any

from workers.engine.predict.predictor import refused

_LONGEST_TEXT = 10_000


def whole_option(options: Mapping[str, Any], name: str, *, least: int, most: int = 2**31) -> int | None:
    """A whole number, None where it is left open."""
    value = options.get(name)
    if value is None:
        return None
    if type(value) is not int or not least <= value <= most:
        raise _wrong(name, f"a whole number from {least} to {most}")
    return value


def share_option(options: Mapping[str, Any], name: str, default: float) -> float:
    value = options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise _wrong(name, "a share above 0 and up to 1")
    return float(value)


def text_option(options: Mapping[str, Any], name: str) -> str:
    value = options.get(name, "")
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise _wrong(name, "a text")
    return value


def _wrong(name: str, wanted: str) -> Exception:
    return refused("option_invalid", f"The option {name} must be {wanted}.", f"data.options.{name}")
