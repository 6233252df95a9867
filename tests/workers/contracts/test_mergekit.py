from typing import Any

import pytest

from workers.contracts.findings import Finding, Repair
from workers.contracts.methods import method_get
from workers.contracts.parameters import resolve_parameters
from workers.contracts.parsing import Parsed, parse, recipe_to_document
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
        ({"slices": []}, "duplicate_key", "slices"),
        ({"tokenizer": 3}, "wrong_type", "tokenizer"),
        ({"chat_template": "llama3"}, "mergekit_unsupported", "chat_template"),
        ({"chat_template": "chtml"}, "unknown_choice", "chat_template"),
        ({"parameters": {"weight": [0, 20]}}, "out_of_range", "parameters.weight[1]"),
        ({"parameters": {"weight": [{"filter": "mlp", "vaule": 1}]}}, "unknown_key", "parameters.weight[0].vaule"),
        ({"models": [{"model": "demo/a", "layer_range": [0, 2], "parameters": {"weight": 1}}]}, "unknown_key", "models[0].layer_range"),
        ({"parameters": {"densty": 1}}, "unknown_key", "parameters.densty"),
        ({"parameters": 3}, "wrong_type", "parameters"),
        ({"modelz": []}, "unknown_key", "modelz"),
        ({"merge_method": "soup_of_the_day"}, "unknown_method", "merge_method"),
        ({"models": [{"model": "demo/a", "parameters": {"weight": 50}}]}, "out_of_range", "models[0].parameters.weight"),
        ({"models": [{"model": "demo/base"}, {"model": "demo/a"}]}, "missing_key", "models[1].parameters.weight"),
        ({"models": 3}, "wrong_type", "models"),
        ({"models": [{"model": {"path": "x"}}]}, "bad_reference", "models[0].model"),
        ({"models": [{"model": {"where": "x"}}]}, "wrong_type", "models[0].model"),
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
    named = parse(TIES + "name: first\n")
    assert ("key_without_effect", "name") in codes(named)
    assert named.recipe is not None


def test_findings_of_the_check_point_into_the_document_as_written() -> None:
    repair = Repair(label="Remove", patch=({"op": "remove", "path": "/sources/1"},))
    (found,) = parse(TIES).located(
        [Finding(code="x", severity="error", message="m", where="sources[1]", repair=(repair,))]
    )
    assert (found.where, found.line, found.repair[0].patch[0]["path"]) == ("models[2]", 8, "/models/2")


SLICED = """
merge_method: slerp
base_model: demo/a
slices:
  - sources:
      - model: demo/a
        layer_range: [0, 3]
      - model: demo/b
        layer_range: [0, 4]
parameters:
  t:
    - filter: self_attn
      value: [0, 0.5, 1]
    - value: 0.3
out_dtype: float16
dtype: float32
tokenizer_source: base
"""


def test_reads_slices_with_gradients_and_filters() -> None:
    recipe = recipe_of(SLICED.replace("[0, 4]", "[0, 3]"))
    (only,) = recipe.slices
    assert [(source.model, source.layers) for source in only.sources] == [("demo/a", (0, 3)), ("demo/b", (0, 3))]
    assert recipe.parameters["t"] == [{"filter": "self_attn", "value": [0, 0.5, 1]}, {"value": 0.3}]
    assert (recipe.dtype, recipe.input_dtype, recipe.tokenizer) == ("float16", None, "base")
    assert [source.model for source in recipe.sources] == ["demo/b"]


def test_places_in_slices_are_those_of_the_document() -> None:
    parsed = parse(SLICED)
    (finding,) = [finding for finding in parsed.findings if finding.severity == "error"]
    assert (finding.code, finding.where, finding.line) == ("slice_lengths_differ", "slices[0]", 5)
    (moved,) = parsed.located([Finding(code="x", severity="error", message="m", where="slices[0].sources[1].layers")])
    assert (moved.where, moved.line) == ("slices[0].sources[1].layer_range", 9)
    (moved,) = parsed.located([Finding(code="x", severity="error", message="m", where="sources[0]")])
    assert moved.where == "slices[0].sources[1]"


def test_reads_a_stack_of_layers() -> None:
    slices = [
        {"sources": [{"model": "demo/a", "layer_range": [0, 24]}]},
        {"sources": [{"model": "demo/b", "layer_range": [8, 32], "parameters": {"scale": [{"filter": "o_proj", "value": 0.0}, {"value": 1.0}]}}]},
    ]  # fmt: skip
    recipe = recipe_of(
        {"merge_method": "passthrough", "base_model": "demo/a", "slices": slices, "tokenizer_source": "base"}
    )
    assert (recipe.base, [source.model for source in recipe.sources]) == (None, ["demo/a", "demo/b"])
    assert recipe.model_dump()["tokenizer"] == {
        "source": "base",
        "tokens": {},
        "pad_to_multiple_of": None,
        "base": "demo/a",
    }
    assert recipe.slices[1].sources[0].parameters["scale"][0] == {"filter": "o_proj", "value": 0.0}


def test_reads_modules() -> None:
    models = [{"model": "demo/a", "parameters": {"weight": 1}}, {"model": "demo/b", "parameters": {"weight": [0, 1]}}]
    slices = [{"sources": [{"model": "demo/b", "layer_range": [0, 2]}], "parameters": {"weight": 1}}]
    recipe = recipe_of(
        {"merge_method": "linear", "modules": {"text_decoder": {"models": models}, "vision_tower": {"slices": slices}}}
    )
    assert recipe.modules["text_decoder"].sources[1].parameters == {"weight": [0, 1]}
    assert recipe.modules["vision_tower"].slices[0].sources[0].layers == (0, 2)


def test_true_and_false_are_turned_into_words_wherever_they_stand() -> None:
    document = {
        "merge_method": "dare_ties", "base_model": "demo/base", "models": [{"model": "demo/a"}],
        "parameters": {"weight": 1, "rescale": [{"filter": "mlp", "value": False}, {"value": [True, False]}]},
    }  # fmt: skip
    assert recipe_of(document).parameters["rescale"] == [
        {"filter": "mlp", "value": "none"},
        {"value": ["l1", "none"]},
    ]


def test_a_model_may_be_a_path_and_a_revision() -> None:
    model = {"model": {"path": "demo/a", "revision": "v2"}}
    recipe = recipe_of({"merge_method": "linear", "models": [{"model": model, "parameters": {"weight": 1}}]})
    assert recipe.sources[0].model == "demo/a@v2"


def test_inputs_are_cast_as_there_when_its_numbers_are_asked_for() -> None:
    recipe = recipe_of(TIES + "out_dtype: float32\ncompat: mergekit\n")
    assert (recipe.compat, recipe.input_dtype, recipe.dtype) == ("mergekit", "bfloat16", "float32")


def test_a_base_that_is_averaged_in_is_told() -> None:
    document = {
        "merge_method": "karcher",
        "base_model": "demo/base",
        "models": [{"model": "demo/a"}, {"model": "demo/b"}],
    }
    parsed = parse(document)
    assert [source.model for source in recipe_of(document).sources] == ["demo/a", "demo/b", "demo/base"]
    assert ("base_averaged", "base_model") in codes(parsed)


def test_a_base_among_equals_is_one_of_them() -> None:
    models = [{"model": name, "parameters": {"weight": 1}} for name in ("demo/a", "demo/b")]
    recipe = recipe_of({"merge_method": "linear", "base_model": "demo/b", "models": models})
    assert (recipe.base, [source.model for source in recipe.sources]) == (None, ["demo/a", "demo/b"])


def test_a_missing_t_is_no_guess() -> None:
    document = {"merge_method": "slerp", "base_model": "demo/a", "models": [{"model": "demo/a"}, {"model": "demo/b"}]}
    assert ("missing_key", "parameters.t") in codes(parse(document))


def test_a_model_with_an_adapter_is_read_in_both_spellings() -> None:
    document = {
        "merge_method": "task_arithmetic", "base_model": "demo/base+demo/lora",
        "models": [
            {"model": "demo/a+demo/lora", "parameters": {"weight": 1}},
            {"model": {"model": {"path": "demo/b", "revision": "v1"}, "lora": {"path": "demo/lora"}}, "parameters": {"weight": 1}},
        ],
    }  # fmt: skip
    recipe = parse(document).recipe
    assert recipe is not None
    assert (recipe.base, [source.model for source in recipe.sources]) == (
        "demo/base + demo/lora", ["demo/a + demo/lora", "demo/b@v1 + demo/lora"],
    )  # fmt: skip
    written = recipe_to_document(recipe)
    assert written["sources"][0] == {"model": "demo/a", "adapter": "demo/lora", "weight": 1}
    assert parse(written).recipe == recipe
