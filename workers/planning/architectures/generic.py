"""Any other family: the names that most configs share, and nothing guessed."""

from typing import Any

from workers.planning.architectures.shape import Modality, Shape, head_of, label_count, whole

_IMAGE = {"ForImageClassification", "ForMaskedImageModeling", "ForSemanticSegmentation", "ForObjectDetection"}
_TEXT = {"ForSequenceClassification", "ForCausalLM", "ForMaskedLM", "ForTokenClassification", "ForQuestionAnswering"}


def shape(config: dict[str, Any]) -> Shape:
    text = config.get("text_config")
    nested = text if isinstance(text, dict) else {}
    head = head_of(config)
    modality: Modality = "image" if head in _IMAGE else "text" if head in _TEXT else "unknown"
    return Shape(
        family="generic", modality=modality,
        blocks=whole(config, "num_hidden_layers", "n_layer", "num_layers", "depth") or whole(nested, "num_hidden_layers"),
        width=whole(config, "hidden_size", "n_embd", "d_model", "dim", "embed_dim") or whole(nested, "hidden_size"),
        heads=whole(config, "num_attention_heads", "n_head", "num_heads") or whole(nested, "num_attention_heads"),
        labels=label_count(config),
        vocabulary=whole(config, "vocab_size") or whole(nested, "vocab_size"),
        is_classifier=head in {"ForImageClassification", "ForSequenceClassification"},
        is_tied=config.get("tie_word_embeddings") is True,
    )  # fmt: skip
