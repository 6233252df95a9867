"""Vision transformers: ViT and DeiT."""

from typing import Any

from workers.planning.architectures.shape import Shape, head_of, label_count, side, whole

MODEL_TYPES = ("vit", "deit")


def shape(config: dict[str, Any]) -> Shape:
    width = whole(config, "hidden_size", default=768) or 768
    blocks = whole(config, "num_hidden_layers", default=12) or 12
    inner = whole(config, "intermediate_size", default=3072) or 3072
    channels = whole(config, "num_channels", default=3) or 3
    height, breadth = side(config, "image_size", 224)
    patch_height, patch_breadth = side(config, "patch_size", 16)
    patches = (height // patch_height) * (breadth // patch_breadth)
    is_distilled = config.get("model_type") == "deit"
    tokens = patches + (2 if is_distilled else 1)
    labels = label_count(config)
    is_classifier = head_of(config) in {"ForImageClassification", "ForImageClassificationWithTeacher"}
    attention = 4 * width * width + (4 if config.get("qkv_bias", True) else 1) * width
    block = attention + 2 * width * inner + inner + width + 4 * width
    embedding = (
        width * channels * patch_height * patch_breadth + width + tokens * width + (2 if is_distilled else 1) * width
    )
    head = labels * width + labels if is_classifier and labels else 0
    return Shape(
        family="vit", modality="image", blocks=blocks, width=width, heads=whole(config, "num_attention_heads", default=12),
        labels=labels, parameters=embedding + blocks * block + 2 * width + head if is_classifier and not is_distilled else None,
        tokens=tokens, is_classifier=is_classifier,
    )  # fmt: skip
