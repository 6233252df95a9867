"""What a dataset repo holds, over all its splits: rows, columns, class names, the shapes of its tensors."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, TypeVar

from workers.contracts.facts import Seen, TensorFact
from workers.contracts.findings import Finding
from workers.planning.class_names import card_names
from workers.planning.columns import SYNONYMS
from workers.planning.configured import configured, splits_of
from workers.planning.datasets import SplitFiles, files_by_split
from workers.planning.headers import Header
from workers.planning.preview import SplitPreview, preview_of
from workers.planning.storable import is_storable
from workers.planning.weights import Read

# A repo with one of these holds a model, and the tables or pictures beside it are there to show how it is used.
_MODEL_ENDINGS = (".onnx", ".gguf", ".bin", ".pt", ".pth", ".h5", ".tflite", ".joblib", ".ckpt", ".msgpack")


# Names are kept with the commit and go into definitions: longer ones, and more of them, are left to who reads the data.
_MAX_CLASSES, _MAX_NAME = 10_000, 200


T = TypeVar("T")


@dataclass(frozen=True)
class Data:
    """`rows` by split (-1: not counted), `tensors` by `<split>/<name>`, so that their shapes can be checked; they are no parameters."""

    rows: dict[str, int] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    tensors: dict[str, TensorFact] = field(default_factory=dict)
    seen: dict[str, dict[str, Seen]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    split_files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pictures: dict[str, tuple[int, int, int]] = field(default_factory=dict)


def holds_data(paths: Iterable[str], card: Mapping[str, Any]) -> bool:
    """Whether these are the files of a dataset: there is a split, and nothing beside it that looks like a model."""
    names = list(paths)
    splits = splits_of(names, card)
    data = {path for files in splits.values() for path in files.files}
    endings = {path: PurePosixPath(path).suffix.lower() for path in names if path not in data}
    weights = any(ending == ".safetensors" and "/" not in path for path, ending in endings.items())
    return bool(splits) and not weights and not any(ending in _MODEL_ENDINGS for ending in endings.values())


def read_data(
    sizes: Mapping[str, int], headers: Mapping[str, Header], card: Mapping[str, Any], read: Read
) -> tuple[Data, list[Finding]]:
    names = card_names(card)
    rows: dict[str, int] = {}
    tensors: dict[str, TensorFact] = {}
    findings: list[Finding] = []
    previews: dict[str, SplitPreview] = {}
    chosen = configured(list(sizes), card)
    for split, files in (chosen or files_by_split(sizes)).items():
        preview, found = preview_of(files, sizes, headers, read)
        findings += found
        rows[split], previews[split] = preview.rows, preview
        names |= {name: held for name, held in preview.names.items() if len(held) >= len(names.get(name, ()))}
        tensors |= _tensors(split, files, headers)
    columns = _columns(previews.values())
    for split, preview in previews.items():
        findings += _differences(split, columns, preview)
    data = Data(
        rows, columns, _labels(columns, names), tensors,
        seen={split: _storable(preview.seen) for split, preview in previews.items()},
        problems={split: preview.problem for split, preview in previews.items() if preview.problem},
        split_files={split: files.files for split, files in chosen.items()},
        pictures={split: preview.picture for split, preview in previews.items() if preview.picture is not None},
    )  # fmt: skip
    return data, findings


def _columns(previews: Iterable[SplitPreview]) -> dict[str, str]:
    """Of the first split that has any; one that cannot be measured comes last."""
    held = sorted((preview for preview in previews if preview.columns), key=lambda preview: bool(preview.problem))
    return _storable(held[0].columns) if held else {}


def _storable(by_name: Mapping[str, T]) -> dict[str, T]:
    return {name: held for name, held in by_name.items() if is_storable(name) and len(name) <= _MAX_NAME}


def _differences(split: str, columns: Mapping[str, str], preview: SplitPreview) -> list[Finding]:
    missing = sorted(set(columns) - set(preview.columns))
    if not missing or not preview.columns:
        return []
    message = f"The split {split} has no column {missing[0]}, others do."
    return [Finding(code="split_columns", severity="warning", where=split, message=message)]


def _labels(columns: Mapping[str, str], names: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The classes of the column that plays the part of the label."""
    for column in ("label", *SYNONYMS["label"], *columns):
        if column in columns and names.get(column):
            return names[column] if _are_kept(names[column]) else ()
    return ()


def _are_kept(labels: tuple[str, ...]) -> bool:
    return (
        len(labels) <= _MAX_CLASSES and all(len(label) <= _MAX_NAME for label in labels) and is_storable(list(labels))
    )


def _tensors(split: str, files: SplitFiles, headers: Mapping[str, Header]) -> dict[str, TensorFact]:
    return {
        f"{split}/{name}": fact
        for path in files.files if files.format == "safetensors" and path in headers
        for name, fact in headers[path].facts(path).items()
    }  # fmt: skip
