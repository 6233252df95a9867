from typing import Any

import pytest

from workers.planning.layers import Place, config_changes, is_above, main_stack, place_of, stacks_of
from workers.planning.modules import claimed


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("model.layers.3.mlp.experts.7.w1.weight", Place("model.layers", 3, "mlp.experts.7.w1.weight")),
        ("transformer.h.11.ln_1.weight", Place("transformer.h", 11, "ln_1.weight")),
        ("0.weight", Place("", 0, "weight")),
        ("layer1.0.conv1.weight", Place("layer1", 0, "conv1.weight")),
        ("lm_head.weight", None),
        ("model.norm2.weight", None),
    ],
)
def test_the_first_number_says_the_layer(name: str, place: Place | None) -> None:
    assert place_of(name) == place


def layer(stack: str, index: int) -> list[str]:
    return [
        f"{stack}.{index}.{part}" for part in ("q.weight", "q.bias", "k.weight", "k.bias", "o.weight", "norm.weight")
    ]


def layered(**stacks: int) -> list[str]:
    return [name for stack, count in stacks.items() for index in range(count) for name in layer(stack.replace("__", "."), index)]  # fmt: skip


def test_counts_the_layers_of_each_stack() -> None:
    names = [
        *layered(encoder__block=3, decoder__block=2, vision__layers=1),
        "head.0.weight",
        "head.0.bias",
        "head.2.weight",
    ]
    assert stacks_of(names) == {"encoder.block": 3, "decoder.block": 2, "vision.layers": 1}


def test_a_gap_or_a_pair_of_linear_layers_is_no_stack() -> None:
    assert stacks_of([*layer("parts", 0), *layer("parts", 2)]) == {}
    assert stacks_of(["mlp.0.weight", "mlp.0.bias", "mlp.1.weight", "mlp.1.bias"]) == {}


@pytest.mark.parametrize(
    ("stacks", "config", "main"),
    [
        ({"model.layers": 4}, {}, "model.layers"),
        ({"model.layers": 4, "mtp.layers": 1}, {"num_hidden_layers": 4}, "model.layers"),
        ({"encoder.block": 4, "decoder.block": 4}, {"num_layers": 4}, None),
        ({"a.layers": 2, "b.layers": 3}, {}, None),
        ({}, {"num_hidden_layers": 4}, None),
    ],
)
def test_slices_are_of_the_one_stack_that_is_meant(stacks: dict[str, int], config: dict[str, Any], main: str | None) -> None:  # fmt: skip
    assert main_stack(stacks, config) == main


@pytest.mark.parametrize("name", ["model.norm.weight", "lm_head.weight", "transformer.ln_f.bias", "vit.layernorm.weight", "pooler.dense.weight"])  # fmt: skip
def test_last_norm_and_head_lie_above(name: str) -> None:
    assert is_above(name)


@pytest.mark.parametrize("name", ["model.embed_tokens.weight", "bert.embeddings.LayerNorm.weight", "vit.embeddings.cls_token", "transformer.wpe.weight"])  # fmt: skip
def test_embeddings_lie_below(name: str) -> None:
    assert not is_above(name)


@pytest.mark.parametrize(
    ("config", "stack", "changes"),
    [
        ({"num_hidden_layers": 3, "hidden_size": 3}, "model.layers", {"num_hidden_layers": 2}),
        ({"n_layer": 3}, "transformer.h", {"n_layer": 2}),
        ({"num_layers": 3, "num_decoder_layers": 3}, "decoder.block", {"num_decoder_layers": 2}),
        ({"num_layers": 3, "num_decoder_layers": 3}, "encoder.block", {"num_layers": 2}),
        (
            {"text_config": {"num_hidden_layers": 3}, "vision_config": {"num_hidden_layers": 3}},
            "vision_tower.layers",
            {"vision_config.num_hidden_layers": 2},
        ),
        (
            {"text_config": {"num_hidden_layers": 3}, "vision_config": {"depth": 3}},
            "model.layers",
            {"text_config.num_hidden_layers": 2},
        ),
        (
            {"num_hidden_layers": 3, "layer_types": ["full", "sliding", "linear"]},
            "model.layers",
            {"num_hidden_layers": 2, "layer_types": ["full", "linear"]},
        ),
        ({"num_hidden_layers": 7}, "model.layers", {}),
    ],
)
def test_the_config_is_told_how_many_layers_there_are(config: dict[str, Any], stack: str, changes: dict[str, Any]) -> None:  # fmt: skip
    assert config_changes(config, stack, [0, 2], 3) == changes


def test_each_tensor_has_one_module() -> None:
    names = ["visual.blocks.0.a", "visual.merger.mlp.0.weight", "model.layers.0.a", "lm_head.weight"]
    groups, rest = claimed(names, ["text_decoder", "multi_modal_projector", "vision_tower"])
    assert groups == {
        "text_decoder": ["model.layers.0.a", "lm_head.weight"],
        "multi_modal_projector": ["visual.merger.mlp.0.weight"],
        "vision_tower": ["visual.blocks.0.a"],
    }
    assert rest == []


def test_what_no_module_claims_is_told_apart() -> None:
    names = ["model.encoder.a", "model.decoder.a", "shared.weight"]
    assert claimed(names, ["encoder", "decoder"]) == ({"encoder": names[:1], "decoder": names[1:2]}, names[2:])
