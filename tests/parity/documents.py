"""mergekit documents in few words."""

from collections.abc import Sequence
from typing import Any

Document = dict[str, Any]
# Each slice as `model:first:end`, for methods over a base and for stacks without one.
HALVES = (("base:0:2", "a:0:2", "b:2:4"), ("base:2:4", "a:2:4", "c:0:2"))
STACKED = (("a:0:3",), ("b:1:4",))


def models(method: str, *given: Document | str, base: str | None = "@base", **rest: Any) -> Document:
    """A recipe of the `models:` form. A model is its name, or its parameters with its name under `model`."""
    listed = [
        {"model": entry} if isinstance(entry, str)
        else {"model": entry["model"], "parameters": {key: value for key, value in entry.items() if key != "model"}}
        for entry in given
    ]  # fmt: skip
    head: Document = {"merge_method": method, "models": listed}
    return head | ({"base_model": base} if base else {}) | rest


def each(names: str, **parameters: Any) -> list[Document]:
    return [{"model": f"@{name}", **parameters} for name in names]


def cut(
    method: str, slices: Sequence[Sequence[str | Document]], *, base: str | None = "@base", **rest: Any
) -> Document:  # fmt: skip
    """A recipe of the `slices:` form. A source is `model:first:end`, or that under `model` beside its parameters."""
    made = [{"sources": [_source(source) for source in item]} for item in slices]
    head: Document = {"merge_method": method, "slices": made}
    return head | ({"base_model": base} if base else {}) | rest


def _source(given: str | Document) -> Document:
    entry = {"model": given} if isinstance(given, str) else given
    name, first, end = entry["model"].split(":")
    return {**entry, "model": f"@{name}", "layer_range": [int(first), int(end)]}
