"""Recipes back to documents: parameters stand where a person writes them, defaults are left out."""

from typing import Any

import yaml

from workers.contracts.documents import scalar_of
from workers.contracts.methods import METHODS
from workers.contracts.recipes import (
    AnyRecipe,
    DataReference,
    EvaluateRecipe,
    ExtractRecipe,
    ImportRecipe,
    LayerSource,
    Lora,
    Measure,
    MergeRecipe,
    Module,
    Output,
    RankRecipe,
    Slice,
    Source,
    TrainRecipe,
    TryRecipe,
)
from workers.contracts.references import adapted_split
from workers.contracts.searching import Barrier, BarrierData, Budget, ChoosingData, Diagnostics, Search

_ALWAYS = ("kind", "seed")
_FIRST = (
    "kind",
    "merge_method",
    "method",
    "base_model",
    "base",
    "model",
    "adapter",
    "models",
    "source",
    "sources",
    "slices",
    "modules",
    "layers",
    "architecture",
    "data",
)
_LAST = ("dtype", "out_dtype", "max_shard_bytes", "search", "diagnostics", "evaluate", "seed", "output")


def _ranks() -> dict[str, int]:
    """Every key that a recipe knows, in reading order: what goes in, how it is treated, what comes out."""
    # The method with the most parameters has them in the order that all share.
    methods = sorted(METHODS, key=lambda method: -len(method.parameters))
    parameters = [parameter.name for method in methods for parameter in method.parameters]
    records = (
        MergeRecipe,
        EvaluateRecipe,
        TrainRecipe,
        ExtractRecipe,
        ImportRecipe,
        RankRecipe,
        TryRecipe,
        Lora,
        DataReference,
        Measure,
        Output,
        LayerSource,
        Slice,
        Module,
        Search,
        ChoosingData,
        Budget,
        Diagnostics,
        Barrier,
        BarrierData,
    )
    fields = [name for record in records for name in record.model_fields if name not in _LAST]
    names = list(dict.fromkeys((*_FIRST, "parameters", *parameters, *fields)))
    return {name: rank for rank, name in enumerate(names)} | {name: 10_000 + rank for rank, name in enumerate(_LAST)}


_RANKS = _ranks()
_UNKNOWN = 9_999


def document_ordered(document: Any) -> Any:
    """The same document with its keys in reading order. A database that keeps JSON does not keep the order of its keys."""
    if isinstance(document, list | tuple):
        return [document_ordered(item) for item in document]
    if not isinstance(document, dict):
        return document
    # A model's architecture is its own config, whose keys are not ours.
    return {
        key: document[key] if key == "architecture" else document_ordered(document[key])
        for key in sorted(document, key=lambda key: _RANKS.get(key, _UNKNOWN))
    }


def recipe_to_document(recipe: AnyRecipe) -> dict[str, Any]:
    """Plain data that `parse` reads back into an equal recipe."""
    document = recipe.model_dump(mode="json", exclude_defaults=True)
    document |= {name: getattr(recipe, name) for name in _ALWAYS}
    if isinstance(recipe, TrainRecipe):
        # What is learnt from and what is measured on is never left to a reader's memory of defaults.
        document["data"] = [_data(item) for item in recipe.data]
        if recipe.validation is not None:
            document["validation"] = _data(recipe.validation)
    if isinstance(recipe, MergeRecipe):
        document |= _merge(recipe)
        document.pop("parameters", None)
        if recipe.slices or recipe.modules:
            document.pop("sources", None)  # they are what the slices and modules name
    ordered: dict[str, Any] = document_ordered(document)
    return ordered


def _merge(recipe: MergeRecipe) -> dict[str, Any]:
    parts: dict[str, Any] = {**recipe.parameters, "sources": [_source(source) for source in recipe.sources]}
    if recipe.slices:
        parts["slices"] = [_slice(item) for item in recipe.slices]
    if recipe.modules:
        parts["modules"] = {
            name: {"slices": [_slice(item) for item in module.slices], **module.parameters} if module.slices
            else {"sources": [_source(source) for source in module.sources], **module.parameters}
            for name, module in recipe.modules.items()
        }  # fmt: skip
    return parts


def _data(item: DataReference) -> dict[str, Any]:
    return {"data": item.data, "split": item.split}


def _source(source: Source) -> dict[str, Any]:
    layers = {"layers": list(source.layers)} if isinstance(source, LayerSource) else {}
    model, adapter = adapted_split(source.model)
    below = {"adapter": adapter} if adapter else {}
    return {"model": model, **below, **layers, **source.parameters, **source.prompts}


def _slice(item: Slice) -> dict[str, Any]:
    base = {} if item.base is None else {"base": item.base}
    return {"sources": [_source(source) for source in item.sources], **base, **item.parameters}


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
