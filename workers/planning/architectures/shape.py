"""What a family file answers, and the careful readers it is built from: a config is somebody's upload."""

from dataclasses import dataclass
from typing import Any, Literal

Modality = Literal["image", "text", "unknown"]
_LARGEST = 2**40


@dataclass(frozen=True)
class Shape:
    """`parameters` is worked out from the config and None where the family has no formula; `tokens` is what one example costs."""

    family: str
    modality: Modality = "unknown"
    blocks: int | None = None
    width: int | None = None
    heads: int | None = None
    labels: int | None = None
    vocabulary: int | None = None
    parameters: int | None = None
    tokens: int | None = None
    is_classifier: bool = False
    is_tied: bool = False

    @property
    def is_image_classifier(self) -> bool:
        return self.is_classifier and self.modality == "image"


def whole(config: dict[str, Any], *names: str, default: int | None = None) -> int | None:
    """The first of `names` that holds a sensible whole number."""
    for name in names:
        value = config.get(name)
        if type(value) is int and 0 < value < _LARGEST:
            return value
    return default


def side(config: dict[str, Any], name: str, default: int) -> tuple[int, int]:
    """Height and width, given as one number or as two."""
    value = config.get(name, default)
    if type(value) is int and 0 < value < _LARGEST:
        return value, value
    if isinstance(value, list) and len(value) == 2 and all(type(item) is int and 0 < item < _LARGEST for item in value):
        return value[0], value[1]
    return default, default


def head_of(config: dict[str, Any]) -> str:
    """`ForImageClassification` and the like, "" for a model without a head."""
    architectures = config.get("architectures")
    name = (
        architectures[0]
        if isinstance(architectures, list) and architectures and isinstance(architectures[0], str)
        else ""
    )
    if name.endswith("LMHeadModel"):
        return "ForCausalLM"
    position = name.find("For")
    return name[position:] if position >= 0 else ""


def label_count(config: dict[str, Any]) -> int | None:
    """Two is the library's default and is not written into the file."""
    labels = config.get("id2label")
    if isinstance(labels, dict) and labels:
        return len(labels)
    count = whole(config, "num_labels")
    if count is None and head_of(config) in {"ForImageClassification", "ForSequenceClassification"}:
        return 2
    return count
