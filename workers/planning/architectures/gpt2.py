"""Decoders of GPT-2's kind: learned positions, fused attention weights."""

from typing import Any

from workers.planning.architectures.shape import Shape, head_of, label_count, whole

MODEL_TYPES = ("gpt2",)


def shape(config: dict[str, Any]) -> Shape:
    width = whole(config, "n_embd", "hidden_size", default=768) or 768
    blocks = whole(config, "n_layer", "num_hidden_layers", default=12) or 12
    inner = whole(config, "n_inner", default=4 * width) or 4 * width
    vocabulary = whole(config, "vocab_size", default=50257) or 50257
    positions = whole(config, "n_positions", "max_position_embeddings", default=1024) or 1024
    is_tied = config.get("tie_word_embeddings", True) is not False
    is_generator = head_of(config) == "ForCausalLM" or config.get("architectures") == ["GPT2LMHeadModel"]
    block = 4 * width * width + 4 * width + 2 * width * inner + inner + width + 4 * width
    total = (vocabulary + positions) * width + blocks * block + 2 * width + (0 if is_tied else vocabulary * width)
    return Shape(
        family="gpt2", modality="text", blocks=blocks, width=width, heads=whole(config, "n_head", default=12),
        labels=label_count(config), vocabulary=vocabulary, parameters=total if is_generator else None, tokens=min(positions, 512),
        is_classifier=head_of(config) == "ForSequenceClassification", is_tied=is_tied,
    )  # fmt: skip
