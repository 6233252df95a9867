"""Decoders of Llama's kind: rotary positions, gated MLP, grouped attention heads."""

from typing import Any

from workers.planning.architectures.shape import Shape, head_of, label_count, whole

MODEL_TYPES = (
    "llama",
    "mistral",
    "qwen2",
    "qwen3",
    "gemma",
    "gemma2",
    "phi3",
    "olmo2",
    "granite",
    "smollm3",
    "starcoder2",
)
_FORMULA = ("llama", "mistral")


def shape(config: dict[str, Any]) -> Shape:
    width, blocks = whole(config, "hidden_size"), whole(config, "num_hidden_layers")
    inner, heads = whole(config, "intermediate_size"), whole(config, "num_attention_heads")
    vocabulary = whole(config, "vocab_size")
    key_heads = whole(config, "num_key_value_heads", default=heads)
    is_tied = config.get("tie_word_embeddings") is True
    total = None
    is_plain = config.get("model_type") in _FORMULA and head_of(config) == "ForCausalLM"
    if (
        is_plain
        and width
        and blocks
        and inner
        and heads
        and key_heads
        and vocabulary
        and not config.get("attention_bias")
    ):
        head_width = whole(config, "head_dim", default=width // heads) or 1
        attention = width * head_width * (2 * heads + 2 * key_heads)
        total = (
            vocabulary * width * (1 if is_tied else 2) + blocks * (attention + 3 * width * inner + 2 * width) + width
        )
    return Shape(
        family="llama", modality="text", blocks=blocks, width=width, heads=heads, labels=label_count(config),
        vocabulary=vocabulary, parameters=total, tokens=512, is_classifier=head_of(config) == "ForSequenceClassification", is_tied=is_tied,
    )  # fmt: skip
