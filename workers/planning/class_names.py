"""Class names that a dataset's card gives to the numbers of a column: `dataset_info`, as the `datasets` library writes it."""

from collections.abc import Mapping
from typing import Any

_MAX_CLASSES = 100_000


def card_names(card: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Column → class names in index order, from `dataset_info: {features: [{name, dtype: {class_label: {names}}}]}`."""
    info = card.get("dataset_info")
    infos = info if isinstance(info, list) else [info]
    found: dict[str, tuple[str, ...]] = {}
    for entry in infos:
        features = entry.get("features") if isinstance(entry, dict) else None
        for feature in features if isinstance(features, list) else []:
            names = _names(feature)
            if names:
                found.setdefault(str(feature["name"]), names)
    return found


def _names(feature: Any) -> tuple[str, ...]:
    dtype = feature.get("dtype") if isinstance(feature, dict) and "name" in feature else None
    label = dtype.get("class_label") if isinstance(dtype, dict) else None
    names = label.get("names") if isinstance(label, dict) else None
    if isinstance(names, dict):  # {'0': cat, '1': dog}: YAML may read the keys as numbers or as text
        by_number = {str(key): name for key, name in names.items()}
        names = [by_number.get(str(index)) for index in range(len(by_number))]
    if (
        not isinstance(names, list)
        or len(names) > _MAX_CLASSES
        or not all(isinstance(name, str | int) for name in names)
    ):
        return ()
    return tuple(str(name)[:200] for name in names)
