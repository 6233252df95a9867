"""Reads a mergekit recipe as a merge: models, slices or modules, with gradients and filters, tokenizer and chat template.

Where mergekit's defaults differ from ours they are written out, so that the recipe means what it meant there. What cannot be
carried out is an error that names the key and says what to do, never a key that is passed over.
"""

from typing import Any

from workers.contracts.complaints import Complaints, listed, nearest, quoted
from workers.contracts.mergekit_parts import Reader
from workers.contracts.methods import Method, method_get
from workers.contracts.paths import Path

# What mergekit has no word for and a hub needs may stand beside its own keys.
_OURS = {"output", "seed", "evaluate", "max_shard_bytes", "compat"}
_FORMS = ("models", "slices", "modules")
_TOKENS = {"tokenizer", "tokenizer_source", "chat_template"}
_KEYS = {"merge_method", "base_model", "parameters", "dtype", "out_dtype", *_FORMS} | _TOKENS | _OURS
# mergekit keeps everything by default and scales what is drawn by lot to the sum of magnitudes.
_DRAWN = {"density": 1.0, "rescale": "l1"}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "ties": {"density": 1.0}, "dare_ties": _DRAWN, "dare_linear": _DRAWN, "della": _DRAWN, "della_linear": _DRAWN,
    "breadcrumbs": {"density": 1.0, "gamma": 0.01}, "breadcrumbs_ties": {"density": 1.0, "gamma": 0.01},
}  # fmt: skip
_TEMPLATES = {"alpaca", "exaone", "llama3", "mistral"}
_MAPPED = {"base_model": "base", "merge_method": "method"}


def is_mergekit(document: dict[str, Any]) -> bool:
    return "kind" not in document and ("merge_method" in document or "slices" in document)


def mergekit_convert(document: dict[str, Any], complaints: Complaints) -> tuple[dict[str, Any], Complaints]:
    """Our form of the document, and complaints that still point at the keys of the original."""
    renamed: list[tuple[Path, Path]] = [(("method",), ("merge_method",)), (("base",), ("base_model",))]
    body: dict[str, Any] = {"kind": "merge"} | {key: document[key] for key in _OURS if key in document}
    _check_keys(document, complaints)
    name = document.get("merge_method")
    method = method_get("merge", name) if isinstance(name, str) else None
    reader = Reader(document, method, complaints, renamed)
    for theirs, ours in _MAPPED.items():
        if theirs in document:
            body[ours] = reader.model(document[theirs]) if ours == "base" else document[theirs]
    _formats(document, body, renamed)
    body["parameters"] = {
        **(_DEFAULTS.get(name, {}) if isinstance(name, str) else {}),
        **reader.parameters(document.get("parameters", {}), ("parameters",)),
    }
    reader.fill(body)
    _tokenizer(document, body, reader, complaints, renamed)
    if "chat_template" in document:
        body["chat_template"] = _template(document["chat_template"], complaints)
    renamed += [((row.name,), ("parameters", row.name)) for row in (method.parameters if method is not None else ())]
    pointing = complaints.renaming(renamed)
    _require(body, method, pointing)
    return body, pointing


def _check_keys(document: dict[str, Any], complaints: Complaints) -> None:
    for key in document:
        if key == "name":  # what a file of several recipes calls this one
            complaints.add(
                "key_without_effect", (key,), "name has no effect here. output.repo names the result.", severity="info"
            )
        elif key not in _KEYS:
            meant = nearest(key, sorted(_KEYS))
            repair = [complaints.rename((key,), meant)] if meant and meant not in document else []
            complaints.add(
                "unknown_key", (key,), f"{quoted(key)} is not a key here." + (f" Did you mean {meant}?" if meant else ""),
                repair=[*repair, complaints.remove((key,))],
            )  # fmt: skip
    given = [form for form in _FORMS if form in document]
    for extra in given[1:]:
        message = f"{given[0]} and {extra} both say what goes in. A recipe has one of {listed(_FORMS)}."
        complaints.add("duplicate_key", (extra,), message, repair=[complaints.remove((extra,))])


def _formats(document: dict[str, Any], body: dict[str, Any], renamed: list[tuple[Path, Path]]) -> None:
    """`dtype` is what inputs are cast to, which only `compat` does: the default computes in float32. `out_dtype` is the result's."""
    dtype = document.get("out_dtype", document.get("dtype"))
    if dtype is not None:
        body["dtype"] = _plain(dtype)
        renamed.append((("dtype",), ("out_dtype",) if "out_dtype" in document else ("dtype",)))
    if document.get("dtype") is not None and document.get("compat") == "mergekit":
        body["input_dtype"] = _plain(document["dtype"])
        renamed.append((("input_dtype",), ("dtype",)))


def _plain(dtype: Any) -> Any:
    return dtype.removeprefix("torch.") if isinstance(dtype, str) else dtype


def _tokenizer(
    document: dict[str, Any], body: dict[str, Any], reader: Reader, complaints: Complaints, renamed: list[tuple[Path, Path]]
) -> None:  # fmt: skip
    path: Path = ("tokenizer_source",)
    given = document.get("tokenizer_source")
    if isinstance(document.get("tokenizer"), dict):
        path = ("tokenizer", "source")
        given = document["tokenizer"].get("source", "union")
        for key in document["tokenizer"].keys() - {"source"}:
            if document["tokenizer"][key] not in (None, {}):
                message = f"{key} would add rows to the embeddings or change them, which a merge does not do."
                complaints.add(
                    "mergekit_unsupported", ("tokenizer", key), message, repair=[complaints.remove(("tokenizer", key))]
                )
    elif document.get("tokenizer") is not None:
        complaints.add(
            "wrong_type", ("tokenizer",), f"tokenizer is {quoted(document['tokenizer'])}, it needs keys and values."
        )
    if given is None:
        return
    text = given if given in ("base", "union") else reader.model(given)
    # Where the base is one of the models that are merged it has no place of its own any more.
    body["tokenizer"] = (
        document["base_model"] if text == "base" and "base" not in body and "base_model" in document else text
    )
    renamed.append((("tokenizer",), path))


def _template(given: Any, complaints: Complaints) -> Any:
    if isinstance(given, str) and given in _TEMPLATES:
        message = (
            f"The template {given} is not part of Genepool. Write the template itself, or auto for that of the models."
        )
        complaints.add(
            "mergekit_unsupported", ("chat_template",), message, repair=[complaints.replace(("chat_template",), "auto")]
        )
    elif isinstance(given, str) and given not in {"auto", "chatml"} and "{" not in given:
        meant = nearest(given, ("auto", "chatml"))
        repair = [complaints.replace(("chat_template",), meant)] if meant else []
        message = f"chat_template is {quoted(given)}: neither auto, nor chatml, nor a template."
        complaints.add("unknown_choice", ("chat_template",), message, repair=repair)
    return given


def _require(body: dict[str, Any], method: Method | None, pointing: Complaints) -> None:
    """mergekit has no default for weights and for t: a recipe without one stops there, and our default would be a guess."""
    if method is None:
        return
    if method.parameter("t") is not None and not _has("t", body):
        pointing.add("missing_key", ("t",), f"t is missing; mergekit requires it for {method.name}.")
    if method.parameter("weight") is None or "weight" in body["parameters"]:
        return
    for path, source, scopes in _sources_of(body):
        if not isinstance(source, dict) or source.get("model") == body.get("base"):
            continue
        if not any("weight" in scope for scope in (source.get("parameters", {}), *scopes)):
            message = "weight is missing; mergekit requires one for each model."
            pointing.add("missing_key", (*path, "parameters", "weight"), message)


def _has(name: str, body: dict[str, Any]) -> bool:
    """Whether the recipe, or every part of it, gives a value that is shared by the models of the part."""
    if name in body["parameters"]:
        return True
    inner = [scope for _, _, scopes in _sources_of(body) for scope in scopes]
    return any(name in scope for scope in inner)


def _sources_of(body: dict[str, Any]) -> list[tuple[Path, Any, list[dict[str, Any]]]]:
    """Every source of every part, with the scopes around it but for the recipe's own. What is no source is passed over."""
    found: list[tuple[Path, Any, list[dict[str, Any]]]] = []
    parts: list[tuple[Path, Any]] = [((), body)]
    modules = body.get("modules")
    parts += [(("modules", name), part) for name, part in modules.items()] if isinstance(modules, dict) else []
    for path, part in parts:
        if not isinstance(part, dict):
            continue
        outer = [part.get("parameters", {})] if path else []
        listed_ = part.get("sources")
        found += [
            ((*path, "sources", index), source, outer)
            for index, source in enumerate(listed_ if isinstance(listed_, list) else ())
        ]
        cuts = part.get("slices")
        for at, item in enumerate(cuts if isinstance(cuts, list) else ()):
            inner = item.get("sources") if isinstance(item, dict) else None
            found += [
                ((*path, "slices", at, "sources", index), source, [item.get("parameters", {}), *outer])
                for index, source in enumerate(inner if isinstance(inner, list) else ())
            ]
    return found
