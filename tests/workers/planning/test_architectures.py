"""Parameter counts against those the makers of the models publish."""

from typing import Any

import pytest

from tests.workers.planning.zoo import vit, vit_config
from workers.planning.architectures import shape_of

VIT_BASE = {
    "model_type": "vit",
    "architectures": ["ViTForImageClassification"],
    "id2label": {str(index): "x" for index in range(1000)},
}
BERT_BASE = {"model_type": "bert", "architectures": ["BertForSequenceClassification"]}
GPT2 = {
    "model_type": "gpt2",
    "architectures": ["GPT2LMHeadModel"],
    "n_embd": 768,
    "n_layer": 12,
    "n_head": 12,
    "vocab_size": 50257,
    "n_positions": 1024,
}
LLAMA2_7B = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
    "intermediate_size": 11008, "vocab_size": 32000,
}  # fmt: skip
MISTRAL_7B = LLAMA2_7B | {
    "model_type": "mistral",
    "architectures": ["MistralForCausalLM"],
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
}


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        (VIT_BASE, 86_567_656),
        (BERT_BASE, 109_483_778),
        (GPT2, 124_439_808),
        (LLAMA2_7B, 6_738_415_616),
        (MISTRAL_7B, 7_241_732_096),
    ],
)
def test_counts_parameters(config: dict[str, Any], parameters: int) -> None:
    assert shape_of(config).parameters == parameters


def test_counts_what_the_tensors_hold() -> None:
    for width, blocks, labels in ((8, 2, 10), (12, 1, 3)):
        facts = vit("x", width=width, blocks=blocks, labels=labels)
        assert shape_of(facts.config).parameters == facts.parameters


@pytest.mark.parametrize(
    ("config", "family", "blocks", "width", "heads"),
    [
        (VIT_BASE, "vit", 12, 768, 12), (BERT_BASE, "bert", 12, 768, 12), (GPT2, "gpt2", 12, 768, 12), (LLAMA2_7B, "llama", 32, 4096, 32),
        ({"model_type": "t5", "d_model": 512, "num_layers": 6, "num_heads": 8}, "generic", 6, 512, 8),
        ({"model_type": "distilbert", "dim": 64, "n_layers": 2, "n_heads": 4}, "bert", 2, 64, 4),
        ({"model_type": "x", "text_config": {"hidden_size": 5, "vocab_size": 7}}, "generic", None, 5, None),
        ({}, "generic", None, None, None),
    ],
)  # fmt: skip
def test_reads_the_shape(
    config: dict[str, Any], family: str, blocks: int | None, width: int | None, heads: int | None
) -> None:
    shape = shape_of(config)
    assert (shape.family, shape.blocks, shape.width, shape.heads) == (family, blocks, width, heads)


@pytest.mark.parametrize(
    ("architecture", "is_image"),
    [
        ("ViTForImageClassification", True),
        ("ViTModel", False),
        ("ResNetForImageClassification", True),
        ("LlamaForSequenceClassification", False),
    ],
)
def test_knows_what_can_be_measured(architecture: str, is_image: bool) -> None:
    model_type = {"V": "vit", "R": "resnet", "L": "llama"}[architecture[0]]
    shape = shape_of({"model_type": model_type, "architectures": [architecture]})
    assert shape.is_image_classifier == is_image


def test_images_may_be_given_by_two_sides() -> None:
    square, oblong = shape_of(vit_config()), shape_of(vit_config(image_size=[8, 16]))
    assert (square.tokens, oblong.tokens) == (5, 9)


def test_tied_embeddings_by_family() -> None:
    assert shape_of(GPT2).is_tied
    assert not shape_of(LLAMA2_7B).is_tied
    assert shape_of(LLAMA2_7B | {"tie_word_embeddings": True}).is_tied
