"""Text encoders of BERT's kind."""

from typing import Any

from workers.planning.architectures.shape import Shape, head_of, label_count, whole

MODEL_TYPES = ("bert", "roberta", "distilbert", "electra", "xlm-roberta", "camembert", "mpnet", "deberta-v2")


def shape(config: dict[str, Any]) -> Shape:
    width = whole(config, "hidden_size", "dim", default=768) or 768
    blocks = whole(config, "num_hidden_layers", "n_layers", default=12) or 12
    inner = whole(config, "intermediate_size", "hidden_dim", default=3072) or 3072
    vocabulary = whole(config, "vocab_size", default=30522) or 30522
    positions = whole(config, "max_position_embeddings", default=512) or 512
    types = whole(config, "type_vocab_size", default=2) or 2
    labels = label_count(config)
    is_classifier = head_of(config) == "ForSequenceClassification"
    block = 4 * (width * width + width) + 2 * width * inner + inner + width + 4 * width
    embeddings = (vocabulary + positions + types) * width + 2 * width
    pooler = width * width + width
    head = labels * width + labels if labels else 0
    is_plain = config.get("model_type") == "bert" and is_classifier
    return Shape(
        family="bert", modality="text", blocks=blocks, width=width,
        heads=whole(config, "num_attention_heads", "n_heads", default=12), labels=labels, vocabulary=vocabulary,
        parameters=embeddings + blocks * block + pooler + head if is_plain else None,
        tokens=min(positions, 128), is_classifier=is_classifier, is_tied=config.get("tie_word_embeddings", True) is True,
    )  # fmt: skip
