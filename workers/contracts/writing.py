"""Recipes back to documents: parameters stand where a person writes them, defaults are left out."""

from typing import Any

import yaml

from workers.contracts.documents import scalar_of
from workers.contracts.recipes import AnyRecipe, MergeRecipe

_ALWAYS = ("kind", "seed")


def recipe_to_document(recipe: AnyRecipe) -> dict[str, Any]:
    """Plain data that `parse` reads back into an equal recipe."""
    body = recipe.model_dump(mode="json", exclude_defaults=True)
    body |= {name: getattr(recipe, name) for name in _ALWAYS}
    order = [
        "kind",
        *[name for name in type(recipe).model_fields if name not in {*_ALWAYS, "output"}],
        "seed",
        "output",
    ]
    document: dict[str, Any] = {}
    for name in order:
        if name == "parameters" and isinstance(recipe, MergeRecipe):
            document |= recipe.parameters
        elif name == "sources" and isinstance(recipe, MergeRecipe):
            document["sources"] = [{"model": source.model, **source.parameters} for source in recipe.sources]
        elif name in body:
            document[name] = body[name]
    return document


def recipe_to_yaml(recipe: AnyRecipe) -> str:
    return document_to_yaml(recipe_to_document(recipe))


def document_to_yaml(document: Any) -> str:
    """Plain data as people write it by hand: also of a document that is no valid recipe yet."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.SafeDumper):
    """Innermost groups on one line, as recipes are written by hand."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    # Text that our reader would take for a number or a truth value is quoted; PyYAML follows an older YAML there.
    style = None if isinstance(scalar_of(value), str) else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _mapping(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.MappingNode:
    node = dumper.represent_mapping("tag:yaml.org,2002:map", value.items())
    node.flow_style = "kind" not in value and all(not isinstance(item, dict | list) for item in value.values())
    return node


def _sequence(dumper: yaml.SafeDumper, value: Any) -> yaml.SequenceNode:
    node = dumper.represent_sequence("tag:yaml.org,2002:seq", value)
    node.flow_style = all(not isinstance(item, dict | list) for item in value)
    return node


_Dumper.add_representer(str, _text)
_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _sequence)
_Dumper.add_representer(tuple, _sequence)
_Dumper.ignore_aliases = lambda self, data: True  # type: ignore[method-assign]
