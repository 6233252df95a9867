"""Recipes of the kind try without what was put in: pictures and long texts are megabytes, and may be private."""

from collections.abc import Mapping
from typing import Any

SHOWN_CHARACTERS = 200


def input_told(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """`recipe` with how much there was in place of each input."""
    return {**recipe, "input": {role: _told(value) for role, value in _input(recipe).items()}}


def recipe_shown(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """`recipe` as lists and pages hold it: of a try only short inputs stand as they are."""
    if recipe.get("kind") != "try":
        return dict(recipe)
    shown = {
        role: value if len(str(value)) <= SHOWN_CHARACTERS else _told(value) for role, value in _input(recipe).items()
    }
    return {**recipe, "input": shown}


def _input(recipe: Mapping[str, Any]) -> Mapping[str, Any]:
    held = recipe.get("input")
    return held if isinstance(held, dict) else {}


def _told(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"({len(value)} entries)"
    return f"({len(str(value))} characters)"
