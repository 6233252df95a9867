"""A stored recipe as people read it. The database keeps no order of keys, so it is given back here."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from workers.contracts.parsing import parse, recipe_to_yaml
from workers.contracts.recipes import AnyRecipe
from workers.contracts.writing import document_ordered, document_to_yaml

_ANY: TypeAdapter[AnyRecipe] = TypeAdapter(AnyRecipe)


def recipe_yaml(document: Any) -> str:
    """As text, whether it is a document as submitted or the recipe as a manifest stores it."""
    parsed = parse(document)
    if parsed.recipe is not None and not _is_mergekit(document):
        return recipe_to_yaml(parsed.recipe)
    try:
        return recipe_to_yaml(_ANY.validate_python(document))
    except ValidationError:
        return document_to_yaml(document_ordered(document))


def _is_mergekit(document: Any) -> bool:
    """Shown as it was given: it is a mergekit recipe, and should stay one."""
    return isinstance(document, dict) and "kind" not in document
