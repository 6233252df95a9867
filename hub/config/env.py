"""Typed readers of environment variables. A bad value stops the start, with the name, the value and what is allowed."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_YES, _NO = ("1", "true"), ("0", "false")


def text(name: str, default: str = "") -> str:
    """A variable that is there but empty counts as not set, here and below: compose files pass empty ones on."""
    return os.environ.get(name, "").strip() or default


def boolean(name: str, default: bool = False) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if value == "":
        return default
    if value in _YES:
        return True
    if value in _NO:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}. Write 1 or true, 0 or false.")


def integer(name: str, default: int, minimum: int = 0, maximum: int = 2**62) -> int:
    value = os.environ.get(name, "").strip()
    if value == "":
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}. Write a whole number.") from None
    if not minimum <= number <= maximum:
        raise ImproperlyConfigured(f"{name} is {number}. It must be from {minimum} to {maximum}.")
    return number


def number(name: str, default: float, minimum: float = 0.0) -> float:
    value = os.environ.get(name, "").strip()
    if value == "":
        return default
    try:
        result = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}. Write a number.") from None
    if not result >= minimum:
        raise ImproperlyConfigured(f"{name} is {result}. It must be at least {minimum}.")
    return result


def names(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def one_of(name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = text(name, default).upper() or default
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}. Write one of {', '.join(allowed)}.")
    return value


def secret(name: str, default: str = "") -> str:
    """The value of NAME, or the content of the file NAME_FILE names. A missing file is an error, never an empty secret."""
    path = os.environ.get(f"{name}_FILE", "").strip()
    if not path:
        return os.environ.get(name, "").strip() or default
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from None
