"""HEADS: which head of a model answers which task, by the end of the architecture's name in config.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.planning.architectures.shape import head_of


@dataclass(frozen=True)
class Head:
    """`suffix` ends the architecture's name, `auto` is the class of transformers that loads it, `code` the finding when it is missing."""

    suffix: str
    auto: str
    noun: str
    code: str


HEADS: tuple[Head, ...] = (
    Head("ForImageClassification", "AutoModelForImageClassification", "image classifier", "not_a_classifier"),
    Head("ForSequenceClassification", "AutoModelForSequenceClassification", "text classifier", "not_a_classifier"),
    Head("ForCausalLM", "AutoModelForCausalLM", "left-to-right language model", "not_a_language_model"),
    Head("ForMaskedLM", "AutoModelForMaskedLM", "masked language model", "not_a_language_model"),
)
# A model without a head still turns inputs into vectors.
BODY = Head("", "AutoModel", "model", "not_a_model")

# Tasks that any model of texts can do, whatever its head: they need its vectors alone.
VECTOR_TASKS = ("sentence-similarity", "retrieval")
# Tasks that no class of transformers does: such models live here as ONNX.
TABULAR_TASKS = ("tabular-classification", "tabular-regression")
_OF_TASK = {
    "image-classification": "ForImageClassification",
    "text-classification": "ForSequenceClassification",
    "text-regression": "ForSequenceClassification",
    "causal-lm": "ForCausalLM",
    "multiple-choice": "ForCausalLM",
    "generation": "ForCausalLM",
    "masked-lm": "ForMaskedLM",
}


def head_for(task: str) -> Head | None:
    """The head that `task` needs; None where any will do, or none does."""
    suffix = _OF_TASK.get(task)
    return next((head for head in HEADS if head.suffix == suffix), None)


def head_in(config: Mapping[str, Any]) -> Head:
    """The head that a config.json speaks of."""
    name = head_of(dict(config))
    return next((head for head in HEADS if name == head.suffix), BODY)


def tasks_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The tasks that a model with this config.json can be measured at, the most telling first."""
    head = head_in(config)
    tasks = tuple(task for task, suffix in _OF_TASK.items() if suffix == head.suffix)
    if head.suffix == "ForSequenceClassification":
        tasks = ("text-regression",) if _is_regression(config) else ("text-classification",)
    return tasks if head.suffix == "ForImageClassification" else (*tasks, *VECTOR_TASKS)


def _is_regression(config: Mapping[str, Any]) -> bool:
    labels = config.get("id2label")
    return config.get("problem_type") == "regression" or (isinstance(labels, dict) and len(labels) == 1)
