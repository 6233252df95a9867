"""A base with an adapter on it, between a recipe and the two fields that show it."""

from typing import Any

from hub.pages.making.values import text_of


def fits(base: Any) -> bool:
    """Whether it is a name, or says a model and the adapter that is put on it, and no more."""
    if isinstance(base, dict):
        return base.keys() == {"model", "adapter"} and all(isinstance(name, str) and name for name in base.values())
    return not isinstance(base, list)


def shown(base: Any) -> tuple[str, str]:
    """(model, adapter) of what fits."""
    return (base["model"], base["adapter"]) if isinstance(base, dict) else (text_of(base), "")


def written(model: str, adapter: str) -> str | dict[str, str]:
    return {"model": model, "adapter": adapter} if adapter else model


def of_source(source: dict[str, Any]) -> str:
    """What is no name stays with what the form does not show."""
    adapter = source.get("adapter")
    return adapter if isinstance(adapter, str) else ""
