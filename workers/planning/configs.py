"""What config.json, adapter_config.json and genepool.json say: architecture, task, labels, artifact."""

import json
from collections.abc import Mapping
from typing import Any, get_args

from workers.contracts.facts import Artifact
from workers.contracts.findings import Finding
from workers.planning.architectures.shape import head_of, label_count
from workers.planning.storable import is_storable
from workers.planning.weights import Read

CONFIG_FILE, ADAPTER_CONFIG_FILE, MANIFEST_FILE = "config.json", "adapter_config.json", "genepool.json"
_CONFIG_BYTES = 4 * 2**20
_MAX_LABELS = 100_000
TASKS = {
    "ForImageClassification": "image-classification", "ForSequenceClassification": "text-classification",
    "ForCausalLM": "text-generation", "ForMaskedLM": "fill-mask", "ForTokenClassification": "token-classification",
    "ForQuestionAnswering": "question-answering", "ForConditionalGeneration": "text2text-generation",
    "ForSemanticSegmentation": "image-segmentation", "ForObjectDetection": "object-detection",
    "ForAudioClassification": "audio-classification", "ForImageClassificationWithTeacher": "image-classification",
}  # fmt: skip
ARTIFACT_NAMES: tuple[Artifact, ...] = get_args(Artifact)


def read_object(path: str, files: Mapping[str, int], read: Read) -> tuple[dict[str, Any], list[Finding]]:
    """A JSON object, {} where the file is missing; {} and a warning where it cannot be read."""
    if path not in files:
        return {}, []
    reason = "it is larger than 4 MiB"
    if files[path] <= _CONFIG_BYTES:
        try:
            value = json.loads(read(path, 0, files[path]), parse_constant=_refuse)
        except (ValueError, RecursionError):
            reason = "it is not JSON"
        else:
            if isinstance(value, dict) and is_storable(value):
                return value, []
            reason = "it is not a JSON object of plain text"
    message = f"{path} cannot be read: {reason}."
    return {}, [Finding(code="config_unreadable", severity="warning", where=path, message=message)]


def architecture_of(config: Mapping[str, Any]) -> str:
    names = config.get("architectures")
    first = names[0] if isinstance(names, list) and names else ""
    return first[:96] if isinstance(first, str) else ""


def task_of(config: dict[str, Any]) -> str:
    return TASKS.get(head_of(config), "")


def labels_of(config: dict[str, Any]) -> tuple[str, ...]:
    """Class names in index order. A classifier whose config names none has numbered ones."""
    labels = config.get("id2label")
    if isinstance(labels, dict) and len(labels) <= _MAX_LABELS:
        try:
            ordered = sorted(labels.items(), key=lambda item: int(item[0]))
        except ValueError:
            ordered = list(labels.items())
        return tuple(str(name)[:200] for _, name in ordered)
    count = label_count(config) or 0
    return tuple(f"LABEL_{index}" for index in range(min(count, _MAX_LABELS)))


def artifact_of(
    manifest: Mapping[str, Any],
    adapter: Mapping[str, Any],
    config: Mapping[str, Any],
    tags: tuple[str, ...],
    has_weights: bool,
) -> Artifact:
    """What the repo holds: as its manifest says, else as its files show."""
    declared = manifest.get("artifact")
    for name in ARTIFACT_NAMES:
        if declared == name and name != "unknown":
            return name
    if adapter:
        return "adapter"
    if {"task-vector", "task_vector"} & set(tags):
        return "task_vector"
    return "model" if has_weights or config else "unknown"


def _refuse(text: str) -> Any:
    raise ValueError(text)
