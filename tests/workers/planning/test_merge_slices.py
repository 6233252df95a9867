from typing import Any

import pytest

from tests.workers.planning.zoo import checked, codes, facts_make, found
from workers.contracts.facts import RepoFacts
from workers.contracts.parsing import parse
from workers.contracts.plans import Check, Plan, TensorStep
from workers.planning import merge_cuts
from workers.planning.check import check_parsed

CONFIG = {"model_type": "x", "num_hidden_layers": 4}
PARTS = ("attn.q", "attn.k", "mlp.up", "mlp.down", "norm")


def model(name: str, layers: int = 4, width: int = 4, **more: Any) -> RepoFacts:
    shapes: dict[str, tuple[int, ...]] = {"embed.weight": (8, width)}
    shapes |= {f"layers.{layer}.{part}.weight": (width, width) for layer in range(layers) for part in PARTS}
    fields: dict[str, Any] = {"config": CONFIG | {"num_hidden_layers": layers}} | more
    return facts_make(name, shapes | {"norm.weight": (width,), "lm_head.weight": (8, width)}, **fields)


BASE, A, B = model("base"), model("a"), model("b")


def cut(*slices: list[tuple[str, int, int]], method: str = "ties", **rest: Any) -> dict[str, Any]:
    listed = [
        {"sources": [{"model": f"demo/{name}", "layers": [first, end]} for name, first, end in item]} for item in slices
    ]
    head = {"kind": "merge", "method": method, "slices": listed}
    return (head | {"base": "demo/base"} if method != "linear" else head) | rest


def plan_of(result: Check) -> Plan:
    assert result.plan is not None, result.findings
    return result.plan


def step_of(result: Check, name: str) -> TensorStep:
    return next(step for step in plan_of(result).steps if step.name == name)


def inputs(step: TensorStep) -> list[tuple[int, str]]:
    return [(item.source, item.key) for item in step.inputs]


STACKED = cut([("a", 0, 3)], [("b", 1, 4)], method="linear")


def test_layers_are_counted_anew() -> None:
    result = checked(STACKED, A, B)
    assert inputs(step_of(result, "layers.2.mlp.up.weight")) == [(0, "layers.2.mlp.up.weight")]
    assert inputs(step_of(result, "layers.3.mlp.up.weight")) == [(1, "layers.1.mlp.up.weight")]
    assert len({step.name.split(".")[1] for step in plan_of(result).steps if step.name.startswith("layers")}) == 6
    assert plan_of(result).config == {"num_hidden_layers": 6}


def test_embeddings_come_from_the_first_slice_and_the_head_from_the_last() -> None:
    result = checked(STACKED, A, B)
    assert [inputs(step_of(result, name))[0][0] for name in ("embed.weight", "norm.weight", "lm_head.weight")] == [
        0,
        1,
        1,
    ]


def test_what_goes_nowhere_is_told_by_model() -> None:
    result = checked(STACKED, A, B)
    told = [finding.message for finding in result.findings if finding.code == "layers_left_out"]
    assert told == [
        "1 layer (3) and 2 tensors outside of them, first lm_head.weight of a are in no slice and left out.",
        "1 layer (0) and 1 tensor outside of them, first embed.weight of b are in no slice and left out.",
    ]
    used = {(item.source, item.key) for step in plan_of(result).steps for item in step.inputs}
    everything = {(position, name) for position, entry in enumerate((A, B)) for name in entry.tensors}
    assert used | set(plan_of(result).dropped) == everything


def test_a_base_gives_the_layers_that_the_slice_says() -> None:
    result = checked(cut([("base", 0, 2), ("a", 1, 3), ("b", 0, 2)], [("base", 2, 4), ("b", 2, 4)]), BASE, A, B)
    step = step_of(result, "layers.0.attn.q.weight")
    assert (inputs(step), step.has_base) == (
        [(0, "layers.0.attn.q.weight"), (1, "layers.1.attn.q.weight"), (2, "layers.0.attn.q.weight")],
        True,
    )
    assert inputs(step_of(result, "lm_head.weight")) == [(0, "lm_head.weight"), (2, "lm_head.weight")]
    assert plan_of(result).config == {}


def test_a_gradient_begins_anew_in_each_slice_and_outside_of_layers() -> None:
    document = cut(
        [("base", 0, 3), ("a", 0, 3)], [("base", 3, 4), ("a", 3, 4)], method="task_arithmetic", weight=[0, 1]
    )
    result = checked(document, BASE, A)
    values = [step_of(result, f"layers.{layer}.norm.weight").parameters["weight"][0] for layer in range(4)]
    assert values == [0.0, 0.5, 1.0, 1.0]
    assert step_of(result, "embed.weight").parameters["weight"] == [0]


def test_the_nearest_value_holds() -> None:
    document = cut([("base", 0, 4), ("a", 0, 4), ("b", 0, 4)], weight=0.1, density={"value": 0.9, "filter": "attn"})
    document["slices"][0] |= {"weight": 0.2, "lambda": 0.5}
    document["slices"][0]["sources"][1] |= {"weight": {"value": 0.3, "filter": "mlp"}}
    result = checked(document, BASE, A, B)
    assert step_of(result, "layers.1.mlp.up.weight").parameters["weight"] == [0.3, 0.2]
    assert step_of(result, "layers.1.attn.q.weight").parameters["weight"] == [0.2, 0.2]
    assert step_of(result, "layers.1.attn.q.weight").parameters["density"] == [0.9, 0.9]
    assert step_of(result, "layers.1.mlp.up.weight").parameters["density"] == [0.3, 0.3]
    assert step_of(result, "layers.1.mlp.up.weight").parameters["lambda"] == 0.5


def test_a_recipe_without_slices_has_gradients_and_filters_too() -> None:
    sources = [
        {"model": "demo/a", "weight": [0, 0.6]},
        {"model": "demo/b", "weight": [{"value": 0.5, "filter": "norm"}]},
    ]
    document = {"kind": "merge", "method": "task_arithmetic", "base": "demo/base", "sources": sources, "weight": 0.2}
    result = checked(document, BASE, A, B)
    assert step_of(result, "layers.1.mlp.up.weight").parameters["weight"] == [pytest.approx(0.2), 0.2]
    assert step_of(result, "layers.3.norm.weight").parameters["weight"] == [0.6, 0.5]
    assert step_of(result, "lm_head.weight").parameters["weight"] == [0, 0.2]


def test_models_of_other_depth_may_be_cut() -> None:
    deep = model("deep", layers=9)
    result = checked(cut([("a", 0, 4)], [("deep", 6, 9)], method="linear"), A, deep)
    assert plan_of(result).config == {"num_hidden_layers": 7}
    assert not {"architecture_mismatch"} & codes(result)


def test_layers_that_are_not_there_are_an_error() -> None:
    result = checked(cut([("a", 0, 3)], [("b", 3, 6)], method="linear"), A, B)
    finding = found(result, "bad_layers")
    assert (finding.where, finding.message) == (
        "slices[1].sources[0].layers",
        "b has 4 layers in layers, this slice goes up to 6.",
    )
    assert result.plan is None


def test_layers_of_another_width_are_an_error() -> None:
    result = checked(cut([("a", 0, 4), ("wide", 0, 4)], method="linear"), A, model("wide", width=6))
    assert "shape_mismatch" in codes(result)


def test_a_model_without_layers_cannot_be_cut() -> None:
    flat = facts_make("a", {"one": (4,), "two": (4,)}, config={"model_type": "x"})
    assert found(checked(cut([("a", 0, 1)], method="linear"), flat), "no_layers").severity == "error"


def test_a_short_text_cannot_ask_for_a_plan_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge_cuts, "MAX_PLAN_INPUTS", 100)
    result = checked(cut(*([[("a", 0, 4)]] * 8), method="linear"), A)
    assert found(result, "plan_too_large").where == "slices"


@pytest.mark.parametrize(("text", "is_told"), [("mlp", False), ("mpl", True), ("layers.2.", False)])
def test_a_filter_that_is_in_no_name_is_told(text: str, is_told: bool) -> None:
    document = cut([("base", 0, 4), ("a", 0, 4), ("b", 0, 4)], density={"value": 0.5, "filter": text})
    result = checked(document, BASE, A, B)
    assert ("filter_without_effect" in codes(result)) == is_told


def test_weights_that_cancel_in_one_layer_alone_are_found() -> None:
    sources = [{"model": "demo/a", "weight": [1, 0.5]}, {"model": "demo/b", "weight": -0.5}]
    result = checked({"kind": "merge", "method": "linear", "sources": sources}, A, B)
    assert "sum to 0" in next(entry.message for entry in result.findings if entry.code == "weights_sum_to_zero")
    assert result.plan is None


def test_modules_are_made_apart() -> None:
    names = ["encoder.block", "decoder.block"]
    shapes = {f"{stack}.{layer}.{part}.weight": (4, 4) for stack in names for layer in range(3) for part in PARTS}
    pair = [
        facts_make(name, shapes | {"shared.weight": (8, 4)}, config={"num_layers": 3, "num_decoder_layers": 3})
        for name in "ab"
    ]
    slices = [
        {"sources": [{"model": "demo/b", "layers": [0, 2]}]},
        {"sources": [{"model": "demo/a", "layers": [0, 3]}]},
    ]
    document = {
        "kind": "merge", "method": "linear",
        "modules": {"encoder": {"sources": ["demo/a", "demo/b"], "weight": [1, 3]}, "decoder": {"slices": slices}},
    }  # fmt: skip
    result = checked(document, *pair)
    assert plan_of(result).config == {"num_decoder_layers": 5}
    assert step_of(result, "encoder.block.1.norm.weight").parameters["weight"] == [2, 2]
    assert inputs(step_of(result, "decoder.block.2.norm.weight")) == [(0, "decoder.block.0.norm.weight")]
    assert step_of(result, "shared.weight").operation == "copy"
    assert "shared.weight" in found(result, "tensor_outside_modules").message


def test_an_unknown_module_is_an_error() -> None:
    document = {"kind": "merge", "method": "linear", "modules": {"visoin": {"sources": ["demo/a"]}}}
    assert found(checked(document, A), "unknown_module").where == "modules.visoin"


def test_the_tokenizer_of_a_named_model_is_carried() -> None:
    files = ("config.json", "tokenizer.json")
    pair = [model(name, files=files, tokenizer_digest="1") for name in "ab"]
    document = {"kind": "merge", "method": "linear", "sources": ["demo/a", "demo/b"], "tokenizer": "demo/b"}
    assert (1, "tokenizer.json") in plan_of(checked(document, *pair)).copied_files
    assert found(checked(document | {"tokenizer": "demo/c"}, *pair), "tokenizer_unknown").severity == "error"


@pytest.mark.parametrize("tokenizer", ["union", "demo/b"])
def test_one_tokenizer_for_models_that_number_tokens_differently_is_an_error(tokenizer: str) -> None:
    pair = [model(name, tokenizer_digest=name) for name in "ab"]
    document = {"kind": "merge", "method": "linear", "sources": ["demo/a", "demo/b"], "tokenizer": tokenizer}
    assert checked(document, *pair).plan is None


def test_what_goes_by_the_whole_model_has_one_value() -> None:
    document = {
        "kind": "merge",
        "method": "pcb",
        "base": "demo/base",
        "sources": ["demo/a", "demo/b"],
        "ratio": [0.1, 0.3],
    }
    assert found(checked(document, BASE, A, B), "setting_of_whole_model").where == "ratio"
    assert checked(document | {"scope": "tensor"}, BASE, A, B).plan is not None
    assert checked(document | {"ratio": 0.2, "lambda": [0.5, 1.0]}, BASE, A, B).plan is not None


def test_a_first_layer_that_lacks_what_the_first_alone_holds_is_told() -> None:
    entry = model("a")
    extra = facts_make(
        "a", {name: fact.shape for name, fact in entry.tensors.items()} | {"layers.0.bias": (4,)}, config=CONFIG
    )
    assert (
        "layers.0 " not in found(checked(cut([("a", 1, 3)], method="linear"), extra), "first_layer_incomplete").message
    )
    assert "first_layer_incomplete" not in codes(checked(cut([("a", 0, 2)], [("a", 1, 3)], method="linear"), extra))


@pytest.mark.parametrize(
    ("layers", "told"),
    [
        ([0, 9], "a has 4 layers in layers, this slice goes up to 9."),
        ([0, 99_999_999_999], "a has 4 layers in layers, this slice goes up to 99\u2009999\u2009999\u2009999."),
        ([3, 1], "layer_range goes from 3 to 1: that is no layer at all."),
        ([2, 2], "layer_range goes from 2 to 2: that is no layer at all."),
        ([-1, 2], "layer_range[0] is -1, below 0."),
        (["a", "b"], "layer_range takes two whole numbers: the first layer and the one after the last, counted from 0."),
        (3, "layer_range takes two whole numbers: the first layer and the one after the last, counted from 0."),
    ],
)  # fmt: skip
def test_a_wrong_range_is_told_once_in_the_words_of_the_document(layers: Any, told: str) -> None:
    scale = {"scale": [{"filter": "attn.q", "value": 0.5}, {"value": 1}]}
    part = {"sources": [{"model": "demo/a", "layer_range": layers, "parameters": scale}]}
    document = {"merge_method": "passthrough", "slices": [part]}
    result = check_parsed(parse(document), {"demo/a": A})
    assert [entry.message for entry in result.findings if "licence" not in entry.code] == [told]


def test_a_range_beyond_its_model_is_mended_to_end_with_it() -> None:
    result = checked(cut([("a", 2, 9)], method="passthrough", base=None), A)
    assert [way.patch[0]["value"] for way in found(result, "bad_layers").repair] == [[2, 4]]
