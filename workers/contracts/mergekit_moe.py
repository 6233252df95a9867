"""Reads a recipe of mergekit-moe as a merge: experts become sources, shared ones sources that every token goes through."""

from typing import Any

from workers.contracts.complaints import Complaints, nearest, quoted
from workers.contracts.paths import Path

_OURS = {"output", "seed", "evaluate", "max_shard_bytes"}
_TOP = {"gate_mode", "experts_per_token"}
_KEYS = {"base_model", "dtype", "experts", "shared_experts", "architecture", *_TOP, *_OURS}
_EXPERT = {"source_model", "positive_prompts", "negative_prompts", "noise_scale", "residual_scale"}
# mergekit takes the first of its names that starts with what is written, in any case of letters.
_NAMES = {"mixtral": "mixtral", "qwen moe": "qwen2_moe", "qwen3 moe": "qwen3_moe", "deepseek moe": "deepseek_moe"}


def is_moe(document: dict[str, Any]) -> bool:
    return "kind" not in document and "merge_method" not in document and "experts" in document


def moe_convert(document: dict[str, Any], complaints: Complaints) -> tuple[dict[str, Any], Complaints]:
    """Our form of the document, and complaints that still point at the keys of the original."""
    renamed: list[tuple[Path, Path]] = [(("base",), ("base_model",)), (("method",), ("experts",))]
    _check_keys(document, (), _KEYS, complaints)
    kept = {key: document[key] for key in (*_OURS, *_TOP) if document.get(key) is not None}
    body: dict[str, Any] = {"kind": "merge", "method": "mixture_of_experts"} | kept
    if "base_model" in document:
        body["base"] = _model(document["base_model"], ("base_model",), complaints)
    if document.get("dtype") is not None:
        dtype = document["dtype"]
        body["dtype"] = dtype.removeprefix("torch.") if isinstance(dtype, str) else dtype
    if document.get("architecture") is not None:
        body["architecture"] = _architecture(document["architecture"])
    body["sources"] = []
    for key in ("experts", "shared_experts"):
        given = document.get(key)
        if given is None:
            continue
        if not isinstance(given, list):
            complaints.add("wrong_type", (key,), f"{key} is {quoted(given)}, it needs a list of models.")
            continue
        for index, entry in enumerate(given):
            renamed.append((("sources", len(body["sources"]), "model"), (key, index, "source_model")))
            renamed.append((("sources", len(body["sources"])), (key, index)))
            body["sources"].append(_source(entry, (key, index), complaints))
    renamed.append((("sources",), ("experts",)))
    return body, complaints.renaming(renamed)


def _source(entry: Any, path: Path, complaints: Complaints) -> Any:
    if not isinstance(entry, dict):
        return entry
    _check_keys(entry, path, _EXPERT, complaints)
    source = {
        key: value for key, value in entry.items() if key in _EXPERT and key != "source_model" and value is not None
    }
    if "source_model" in entry:
        source["model"] = _model(entry["source_model"], (*path, "source_model"), complaints)
    return source | ({"shared": True} if path[0] == "shared_experts" else {})


def _model(value: Any, path: Path, complaints: Complaints) -> Any:
    """A model's name: text, `{path, revision}`, or `{model, lora}` around either."""
    lora = value.get("lora") if isinstance(value, dict) else None
    value = value.get("model", value) if isinstance(value, dict) else value
    if isinstance(value, dict) and isinstance(value.get("path"), str):
        value = f"{value['path']}@{value['revision']}" if value.get("revision") else value["path"]
    if lora is not None:
        message = f"{quoted(value)} goes in with an adapter. An expert is a whole model."
        consequence = "Put the adapter into its base first, and name the result here."
        complaints.add("mergekit_unsupported", path, message, consequence=consequence)
    return value


def _architecture(given: Any) -> Any:
    """Our word for it; what fits several is left to what the base is, what fits none is said as it is written."""
    found = [ours for theirs, ours in _NAMES.items() if theirs.startswith(str(given).lower())]
    return "auto" if len(found) > 1 else found[0] if found else given


def _check_keys(part: dict[str, Any], path: Path, known: set[str], complaints: Complaints) -> None:
    for key in part:
        if key not in known:
            meant = nearest(key, sorted(known))
            repair = [complaints.rename((*path, key), meant)] if meant and meant not in part else []
            message = f"{quoted(key)} is not a key here." + (f" Did you mean {meant}?" if meant else "")
            complaints.add("unknown_key", (*path, key), message, repair=[*repair, complaints.remove((*path, key))])
