"""Which repos a recipe names, in recipe order, with the place of each name in the document."""

from dataclasses import dataclass
from typing import Literal

from workers.contracts.recipes import (
    AnyRecipe,
    DataReference,
    EvaluateRecipe,
    ExtractRecipe,
    ImportRecipe,
    MergeRecipe,
    RankRecipe,
    TrainRecipe,
    TryRecipe,
)
from workers.contracts.references import adapted_split

Role = Literal["base", "source", "adapter", "model", "data", "trained"]


@dataclass(frozen=True)
class PutOn:
    """An adapter of a merge that is put on one of its models; `position` counts models as plans do."""

    position: int
    text: str
    model: str
    adapter: str
    where: str


def adapters_of(recipe: MergeRecipe) -> list[PutOn]:
    """In the order of the models. Inputs of the role `adapter` are counted in this order, and plans count them after the models."""
    named = [] if recipe.base is None else [(recipe.base, "base")]
    named += [(source.model, f"sources[{index}].model") for index, source in enumerate(recipe.sources)]
    pairs = [(position, text, *adapted_split(text), where) for position, (text, where) in enumerate(named)]
    return [PutOn(*pair) for pair in pairs if pair[3]]


def merge_data(recipe: MergeRecipe) -> list[tuple[DataReference, str]]:
    """All data that a merge reads, each with its place: what it learns from, what it chooses by, what its diagnostics measure."""
    barrier = recipe.diagnostics.barrier if recipe.diagnostics is not None else None
    measured = barrier.data if barrier is not None else ()
    return shaping_data(recipe) + [(item, f"diagnostics.barrier.data[{index}]") for index, item in enumerate(measured)]


def shaping_data(recipe: MergeRecipe) -> list[tuple[DataReference, str]]:
    """The data that has a part in the result: what a merge learns from, and what it chooses by."""
    found: list[tuple[DataReference, str]] = [(item, f"data[{index}]") for index, item in enumerate(recipe.data)]
    search = recipe.search.data if recipe.search is not None else ()
    return found + [(item, f"search.data[{index}]") for index, item in enumerate(search)]


def references_of(recipe: AnyRecipe) -> list[tuple[Role, int, str, str]]:
    """(role, index, text, where). Data that a merge is measured on afterwards is no input of the merge and not listed."""
    found: list[tuple[Role, int, str, str]] = []
    if isinstance(recipe, MergeRecipe):
        if recipe.base is not None:
            found.append(("base", 0, adapted_split(recipe.base)[0], "base"))
        found += [
            ("source", index, adapted_split(source.model)[0], f"sources[{index}].model")
            for index, source in enumerate(recipe.sources)
        ]
        found += [("adapter", index, put.adapter, put.where) for index, put in enumerate(adapters_of(recipe))]
        found += [("data", index, item.data, f"{where}.data") for index, (item, where) in enumerate(merge_data(recipe))]
        return found
    if isinstance(recipe, ImportRecipe):
        return []  # what it names is on another hub
    if isinstance(recipe, ExtractRecipe):
        return [("base", 0, recipe.base, "base"), ("model", 0, recipe.model, "model")]
    if isinstance(recipe, TryRecipe):
        return [("model", 0, recipe.model, "model")]
    if isinstance(recipe, EvaluateRecipe | RankRecipe):
        found += [("model", index, text, f"models[{index}]") for index, text in enumerate(recipe.models)]
    elif recipe.model is not None:
        found.append(("model", 0, recipe.model, "model"))
    found += [("data", index, item.data, f"data[{index}].data") for index, item in enumerate(recipe.data)]
    if isinstance(recipe, TrainRecipe) and recipe.validation is not None:
        found.append(("data", len(recipe.data), recipe.validation.data, "validation.data"))
    return found
