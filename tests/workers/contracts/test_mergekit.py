from typing import Any

import pytest

from workers.contracts.findings import Finding, Repair
from workers.contracts.methods import method_get
from workers.contracts.parameters import resolve_parameters
from workers.contracts.parsing import Parsed, parse
from workers.contracts.recipes import MergeRecipe

TIES = """
merge_method: ties
base_model: demo/base
models:
  - model: demo/base
  - model: demo/a
    parameters: {weight: 0.5, density: 0.4}
  - model: demo/b
    parameters:
      weight: 0.3
parameters: {normalize: false, int8_mask: true}
dtype: bfloat16
"""


def recipe_of(text: Any) -> MergeRecipe:
    parsed = parse(text)
    assert isinstance(parsed.recipe, MergeRecipe), parsed.findings
    return parsed.recipe


def codes(parsed: Parsed) -> set[tuple[str, str]]:
    return {(finding.code, finding.where) for finding in parsed.findings}


def test_reads_the_models_form() -> None:
    recipe = recipe_of(TIES)
    assert (recipe.method, recipe.base, recipe.dtype) == ("ties", "demo/base", "bfloat16")
    assert [source.model for source in recipe.sources] == ["demo/a", "demo/b"]


def test_mergekits_defaults_are_kept() -> None:
    recipe = recipe_of(TIES)
    method = method_get("merge", "ties")
    assert method is not None
    shared, each = resolve_parameters(recipe, method)
    assert shared["lambda"] == 1.0
    assert shared["normalize"] is False
    assert shared["rescale"] == "none"
    assert each == [{"weight": 0.5, "density": 0.4}, {"weight": 0.3, "density": 1.0}]


@pytest.mark.parametrize(("rescale", "means"), [({}, "l1"), ({"rescale": True}, "l1"), ({"rescale": False}, "none")])
def test_dare_scales_as_it_did_there(rescale: dict[str, bool], means: str) -> None:
    recipe = recipe_of(
        {
            "merge_method": "dare_ties",
            "base_model": "demo/base",
            "models": [{"model": "demo/a"}],
            "parameters": {"weight": 1, **rescale},
        }
    )
    assert recipe.parameters["rescale"] == means
    assert recipe.parameters["density"] == 1.0


def test_reads_slerp_and_linear() -> None:
    slerp = recipe_of(
        {
            "merge_method": "slerp",
            "base_model": "demo/a",
            "models": [{"model": "demo/a"}, {"model": "demo/b"}],
            "parameters": {"t": 0.3},
            "dtype": "torch.float16",
        }
    )
    assert (slerp.base, [source.model for source in slerp.sources], slerp.dtype) == ("demo/a", ["demo/b"], "float16")
    linear = recipe_of(
        {
            "merge_method": "linear",
            "models": [
                {"model": "demo/a", "parameters": {"weight": 1}},
                {"model": "demo/b", "parameters": {"weight": 2}},
            ],
        }
    )
    assert linear.base is None


def test_a_hubs_output_may_stand_beside() -> None:
    assert recipe_of(TIES + "output: {repo: alice/x}\nseed: 3\n").seed == 3


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        ({"slices": []}, "mergekit_unsupported", "slices"),
        ({"tokenizer_source": "union"}, "mergekit_unsupported", "tokenizer_source"),
        ({"chat_template": "auto"}, "mergekit_unsupported", "chat_template"),
        ({"parameters": {"weight": [0, 1]}}, "mergekit_unsupported", "parameters.weight"),
        ({"parameters": {"weight": [{"filter": "mlp", "value": 1}]}}, "mergekit_unsupported", "parameters.weight"),
        ({"parameters": {"densty": 1}}, "unknown_key", "parameters.densty"),
        ({"parameters": 3}, "wrong_type", "parameters"),
        ({"modelz": []}, "unknown_key", "modelz"),
        ({"merge_method": "soup_of_the_day"}, "unknown_method", "merge_method"),
        ({"models": [{"model": "demo/a", "parameters": {"weight": 50}}]}, "out_of_range", "models[0].parameters.weight"),
        ({"models": [{"model": "demo/base"}, {"model": "demo/a"}]}, "missing_key", "models[1].parameters.weight"),
        ({"models": 3}, "wrong_type", "models"),
        ({"models": [{"model": {"path": "x"}}]}, "wrong_type", "models[0].model"),
        ({"base_model": "../x"}, "bad_reference", "base_model"),
        ({"dtype": "int8"}, "unknown_choice", "dtype"),
        ({"models": None}, "wrong_type", "models"),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_out_is_named(change: dict[str, Any], code: str, where: str) -> None:
    document = {
        "merge_method": "ties",
        "base_model": "demo/base",
        "models": [{"model": "demo/a", "parameters": {"weight": 1}}],
    }
    parsed = parse(document | change)
    assert parsed.recipe is None
    assert (code, where) in codes(parsed)


def test_a_key_without_effect_is_told_and_left_out() -> None:
    assert ("key_without_effect", "parameters.int8_mask") in codes(parse(TIES))


def test_findings_of_the_check_point_into_the_document_as_written() -> None:
    repair = Repair(label="Remove", patch=({"op": "remove", "path": "/sources/1"},))
    (found,) = parse(TIES).located(
        [Finding(code="x", severity="error", message="m", where="sources[1]", repair=(repair,))]
    )
    assert (found.where, found.line, found.repair[0].patch[0]["path"]) == ("models[2]", 8, "/models/2")
