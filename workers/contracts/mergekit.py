"""Reads the simple form of a mergekit recipe (`models:` with scalar parameters) as a merge.

Where mergekit's defaults differ from ours they are written out, so that the recipe means what it meant there. What this
version cannot carry out is an error that names the key, never a key that is passed over.
"""

from typing import Any

from workers.contracts.complaints import Complaints, nearest, quoted
from workers.contracts.methods import method_get
from workers.contracts.paths import Path

# What mergekit has no word for and a hub needs may stand beside its own keys.
_OURS = {"output", "seed", "evaluate", "max_shard_bytes"}
_KEYS = {"merge_method", "models", "base_model", "parameters", "dtype", "out_dtype"} | _OURS
_LATER = {"slices", "modules", "tokenizer", "tokenizer_source", "chat_template"}
# mergekit keeps everything by default and scales what is drawn by lot to the sum of magnitudes.
_DRAWN = {"density": 1.0, "rescale": "l1"}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "ties": {"density": 1.0}, "dare_ties": _DRAWN, "dare_linear": _DRAWN, "della": _DRAWN, "della_linear": _DRAWN,
    "breadcrumbs": {"density": 1.0, "gamma": 0.01}, "breadcrumbs_ties": {"density": 1.0, "gamma": 0.01},
}  # fmt: skip
_WITHOUT_EFFECT = {"int8_mask"}
_MAPPED = {"base_model": "base", "merge_method": "method"}


def is_mergekit(document: dict[str, Any]) -> bool:
    return "kind" not in document and ("merge_method" in document or "slices" in document)


def mergekit_convert(document: dict[str, Any], complaints: Complaints) -> tuple[dict[str, Any], Complaints]:
    """Our form of the document, and complaints that still point at the keys of the original."""
    renamed: list[tuple[Path, Path]] = [(("method",), ("merge_method",)), (("base",), ("base_model",))]
    body: dict[str, Any] = {"kind": "merge"} | {key: document[key] for key in _OURS if key in document}
    for key in document:
        if key in _LATER:
            complaints.add(
                "mergekit_unsupported", (key,), f"{key} of a mergekit recipe is not supported by this version."
            )
        elif key not in _KEYS:
            meant = nearest(key, sorted(_KEYS))
            repair = [complaints.rename((key,), meant)] if meant and meant not in document else []
            complaints.add(
                "unknown_key", (key,), f"{quoted(key)} is not a key here." + (f" Did you mean {meant}?" if meant else ""),
                repair=[*repair, complaints.remove((key,))],
            )  # fmt: skip
    for theirs, ours in _MAPPED.items():
        if theirs in document:
            body[ours] = document[theirs]
    dtype = document.get("out_dtype", document.get("dtype"))
    if dtype is not None:
        body["dtype"] = dtype.removeprefix("torch.") if isinstance(dtype, str) else dtype
        renamed.append((("dtype",), ("out_dtype",) if "out_dtype" in document else ("dtype",)))
    name = document.get("merge_method")
    defaults = _DEFAULTS.get(name, {}) if isinstance(name, str) else {}
    body["parameters"] = {**defaults, **_parameters(document.get("parameters", {}), ("parameters",), complaints)}
    if "models" in document:
        sources, places = _sources(document, complaints)
        body["sources"] = sources
        renamed += [(("sources", index), ("models", place)) for index, place in enumerate(places)]
        renamed.append((("sources",), ("models",)))
    method = method_get("merge", name) if isinstance(name, str) else None
    renamed += [((row.name,), ("parameters", row.name)) for row in (method.parameters if method is not None else ())]
    _require_weight(body, name, complaints, renamed)
    return body, complaints.renaming(renamed)


def _sources(document: dict[str, Any], complaints: Complaints) -> tuple[Any, list[int]]:
    models = document["models"]
    if not isinstance(models, list):
        return models, []
    sources, places = [], []
    for index, entry in enumerate(models):
        # mergekit lists the base among the models; there it carries no parameters.
        if isinstance(entry, dict) and entry.get("model") == document.get("base_model") and not entry.get("parameters"):
            continue
        if isinstance(entry, dict):
            entry = {
                **entry,
                "parameters": _parameters(entry.get("parameters", {}), ("models", index, "parameters"), complaints),
            }
        sources.append(entry)
        places.append(index)
    return sources, places


def _parameters(values: Any, path: Path, complaints: Complaints) -> Any:
    if values is None:
        return {}
    if not isinstance(values, dict):
        complaints.add("wrong_type", path, f"parameters is {quoted(values)}, it needs keys and values.")
        return {}
    kept: dict[str, Any] = {}
    for name, value in values.items():
        place = (*path, name)
        if isinstance(value, list | dict):
            form = "a gradient or a list of filters" if isinstance(value, list) else "a filter"
            complaints.add(
                "mergekit_unsupported", place, f"{name} is {form}. This version takes one number for all layers."
            )
        elif name in _WITHOUT_EFFECT:
            complaints.add("key_without_effect", place, f"{name} has no effect here and is left out.", severity="info")
        elif name == "rescale" and isinstance(value, bool):
            kept[name] = "l1" if value else "none"
        else:
            kept[name] = value
    return kept


def _require_weight(body: dict[str, Any], name: Any, complaints: Complaints, renamed: list[tuple[Path, Path]]) -> None:
    """mergekit has no default weight: a recipe without one stops there, and our default would be a guess."""
    method = method_get("merge", name) if isinstance(name, str) else None
    if method is None or method.parameter("weight") is None or "weight" in body["parameters"]:
        return
    pointing = complaints.renaming(renamed)
    sources = body.get("sources")
    for index, source in enumerate(sources if isinstance(sources, list) else ()):
        if isinstance(source, dict) and "weight" not in source["parameters"]:
            pointing.add(
                "missing_key",
                ("sources", index, "parameters", "weight"),
                "weight is missing; mergekit requires one for each model.",
            )
