"""Prompts of the sources of a mixture of experts, one on a line of a field."""

from typing import Any

from django.http import QueryDict

from workers.contracts.methods import Method

KEYS = ("positive_prompts", "negative_prompts")


def fits(source: dict[str, Any]) -> bool:
    """Whether the prompts are lists of single lines, which is what a field can show."""
    given = [source.get(key, []) for key in KEYS]
    return all(
        isinstance(texts, list | tuple) and all(isinstance(text, str) and text.splitlines() == [text] for text in texts)
        for texts in given
    )


def shown(method: Method | None, source: dict[str, Any]) -> bool:
    """Also of a method that reads none: what was written is not to be lost on the way to another."""
    return (method is not None and method.takes == "expert") or any(source.get(key) for key in KEYS)


def lines_of(source: dict[str, Any]) -> tuple[str, str]:
    positive, negative = ("\n".join(source.get(key) or ()) for key in KEYS)
    return positive, negative


def posted(data: QueryDict, index: int) -> dict[str, list[str]]:
    """Those that there are."""
    found = {}
    for key in KEYS:
        texts = [line.strip() for line in data.get(f"s-{index}-{key}", "").splitlines() if line.strip()]
        if texts:
            found[key] = texts
    return found
