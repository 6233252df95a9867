from typing import Any

import pytest

from tests.workers.contracts.patching import patched
from workers.contracts.parameters import recipe_resolved
from workers.contracts.parsing import Parsed, parse
from workers.contracts.recipes import MergeRecipe
from workers.contracts.writing import recipe_to_document, recipe_to_yaml

SLICES = """
kind: merge
method: ties
base: demo/base
density: 0.5
slices:
  - sources:
      - {model: demo/base, layers: [0, 2]}
      - {model: demo/a, layers: [0, 2], weight: [1, 0.5]}
      - {model: demo/b, layers: [2, 4], density: {value: 0.2, filter: mlp}}
  - sources:
      - {model: demo/base, layers: [2, 4]}
      - {model: demo/a, layers: [2, 4]}
    density: 0.1
"""
MODULES: dict[str, Any] = {
    "kind": "merge", "method": "linear",
    "modules": {
        "vision_tower": {"sources": ["demo/a"]},
        "text_decoder": {
            "slices": [{"sources": [{"model": "demo/b", "layers": [0, 3]}]}, {"sources": [{"model": "demo/a", "layers": [1, 2]}]}],
            "weight": 0.5,
        },
    },
}  # fmt: skip


def recipe_of(document: Any) -> MergeRecipe:
    parsed = parse(document)
    assert isinstance(parsed.recipe, MergeRecipe), parsed.findings
    return parsed.recipe


def codes(parsed: Parsed) -> set[tuple[str, str]]:
    return {(finding.code, finding.where) for finding in parsed.findings}


def one_slice(*sources: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"kind": "merge", "method": "ties", "base": "demo/base", "slices": [{"sources": list(sources), **rest}]}


def layers(model: str, *ends: Any) -> dict[str, Any]:
    return {"model": f"demo/{model}", "layers": list(ends)}


def test_the_sources_are_the_models_that_slices_name() -> None:
    recipe = recipe_of(SLICES)
    assert [source.model for source in recipe.sources] == ["demo/a", "demo/b"]
    first, second = recipe.slices
    assert (first.sources[1].layers, first.sources[1].parameters) == ((0, 2), {"weight": [1, 0.5]})
    assert second.parameters == {"density": 0.1}


def test_modules_name_models_too() -> None:
    recipe = recipe_of(MODULES)
    assert [source.model for source in recipe.sources] == ["demo/a", "demo/b"]
    assert recipe.modules["text_decoder"].parameters == {"weight": 0.5}


@pytest.mark.parametrize("document", [SLICES, MODULES])
def test_reads_back_what_it_writes(document: Any) -> None:
    recipe = recipe_of(document)
    assert recipe_of(recipe_to_yaml(recipe)) == recipe
    assert "sources" not in recipe_to_document(recipe)


@pytest.mark.parametrize(
    ("document", "code", "where"),
    [
        (one_slice(layers("base", 0, 2), layers("a", 0, 3)), "slice_lengths_differ", "slices[0]"),
        (one_slice(layers("base", 0, 2), layers("a", 3, 1)), "bad_layers", "slices[0].sources[1].layers"),
        (one_slice(layers("base", 0, 2), layers("a", 0)), "bad_layers", "slices[0].sources[1].layers"),
        (one_slice(layers("base", 0, 2), layers("a", -1, 1)), "out_of_range", "slices[0].sources[1].layers[0]"),
        (one_slice(layers("a", 0, 2)), "base_not_in_slice", "slices[0]"),
        (one_slice(layers("base", 0, 2)), "too_few_sources", "slices[0].sources"),
        (one_slice(layers("base", 0, 2), layers("a", 0, 2), layers("a", 2, 4)), "duplicate_source", "slices[0].sources[2]"),
        (one_slice(layers("base", 0, 2), {"model": "demo/a"}), "missing_key", "slices[0].sources[1].layers"),
        (one_slice(layers("base", 0, 2), layers("a", 0, 2) | {"densty": 1}), "unknown_key", "slices[0].sources[1].densty"),
        (one_slice(layers("base", 0, 2), layers("a", 0, 2), density=3), "out_of_range", "slices[0].density"),
        (one_slice(layers("base", 0, 2), layers("../x", 0, 2)), "bad_reference", "slices[0].sources[1].model"),
        (one_slice(layers("base", 0, 2), layers("a", 0, 2)) | {"sources": ["demo/a"]}, "duplicate_key", "sources"),
        ({"kind": "merge", "method": "linear", "slices": 3}, "wrong_type", "slices"),
        ({"kind": "merge", "method": "linear", "modules": {"x": {}}}, "missing_key", "modules.x"),
        ({"kind": "merge", "method": "linear", "modules": {"x": {"sources": ["demo/a"], "t": 1}}}, "unknown_key", "modules.x.t"),
    ],
)  # fmt: skip
def test_says_what_is_wrong_with_a_cut(document: dict[str, Any], code: str, where: str) -> None:
    parsed = parse(document)
    assert parsed.recipe is None
    assert (code, where) in codes(parsed)


def test_the_base_is_put_into_a_slice_that_lacks_it() -> None:
    document = one_slice(layers("a", 1, 3))
    (found,) = [finding for finding in parse(document).findings if finding.code == "base_not_in_slice"]
    assert recipe_of(patched(document, found.repair[0])).slices[0].sources[1].model == "demo/base"


def test_recipes_that_mean_the_same_are_resolved_alike() -> None:
    document = recipe_of(SLICES).model_dump(mode="json")
    again = recipe_of(SLICES.replace("density: 0.5", "density: 0.50\nlambda: 1")).model_dump(mode="json")
    assert recipe_resolved(document) == recipe_resolved(again)
    other = recipe_of(SLICES.replace("[2, 4], density", "[1, 3], density")).model_dump(mode="json")
    assert recipe_resolved(document) != recipe_resolved(other)


def test_a_recipe_without_a_cut_is_resolved_as_ever() -> None:
    document = recipe_of({"kind": "merge", "method": "linear", "sources": ["demo/a"]}).model_dump(mode="json")
    assert not {"slices", "modules", "tokenizer", "chat_template"} & recipe_resolved(document).keys()
