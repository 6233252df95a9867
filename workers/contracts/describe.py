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
        "parameters": method.json_schema("recipe"),
        "source_parameters": method.json_schema("source"),
    }
