"""A row of the method table as plain data: the answer of `GET /methods` and of `genepool methods --json`."""

from typing import Any

from workers.contracts.methods import Method


def describe_method(method: Method) -> dict[str, Any]:
    """`parameters` is the JSON Schema of what stands at recipe level, `source_parameters` of what may stand beside a model."""
    return {
        "name": method.name,
        "kind": method.kind,
        "label": method.label,
        "summary": method.summary,
        "paper": method.paper,
        "needs": method.needs,
        "revision": method.revision,
        "minimum_sources": method.minimum_sources,
        "maximum_sources": method.maximum_sources,
        "parameters": _with_settings(method.json_schema("recipe")),
        "source_parameters": _with_settings(method.json_schema("source")),
    }


def _with_settings(schema: dict[str, Any]) -> dict[str, Any]:
    """Where one value may stand, a gradient, a filter or a list of filters may too (`workers.contracts.settings`)."""
    return schema | {"properties": {name: _setting(value) for name, value in schema["properties"].items()}}


def _setting(value: dict[str, Any]) -> dict[str, Any]:
    words = {key: value[key] for key in ("title", "description", "default") if key in value}
    one = {key: bound for key, bound in value.items() if key not in words}
    filtered = {
        "type": "object", "additionalProperties": False, "required": ["value"],
        "properties": {"value": {"anyOf": [one, _list_of(one)]}, "filter": {"type": ["string", "null"]}},
    }  # fmt: skip
    if "enum" in one:
        return words | {"anyOf": [one, _list_of(one), filtered, _list_of(filtered)]}
    # Bounds speak of numbers alone, items of lists, properties of objects: they stand side by side.
    bounds = {key: bound for key, bound in one.items() if key != "type"}
    either = {"type": [one["type"], "array", "object"], "minItems": 1, "items": {"anyOf": [one, filtered]}}
    return words | bounds | filtered | either


def _list_of(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": items}
