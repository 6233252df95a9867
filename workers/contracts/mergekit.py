"""Reads a mergekit recipe as a merge: models, slices or modules, with gradients and filters, tokenizer and chat template.

Where mergekit's defaults differ from ours they are written out, so that the recipe means what it meant there. What cannot be
carried out is an error that names the key and says what to do, never a key that is passed over.
"""

from typing import Any

from workers.contracts.complaints import Complaints, listed, nearest, quoted
from workers.contracts.findings import Repair
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
# A distance between weights, where the others go half way.
_HALF = {"nearswap": 0.0001}
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
    _tokenizer(document, body, reader, renamed)
    if "chat_template" in document:
        body["chat_template"] = _template(document["chat_template"], complaints)
    renamed += [((row.name,), ("parameters", row.name)) for row in (method.parameters if method is not None else ())]
    pointing = complaints.renaming(renamed)
    _require(document, body, method, pointing)
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
    document: dict[str, Any], body: dict[str, Any], reader: Reader, renamed: list[tuple[Path, Path]]
) -> None:
    """`tokenizer`, else `tokenizer_source`. Its base stays known where it is one of the models that are merged."""
    rule = document.get("tokenizer")
    if rule is None:
        renamed += [(("tokenizer", "source"), ("tokenizer_source",)), (("tokenizer",), ("tokenizer_source",))]
        if document.get("tokenizer_source") is None:
            return
        rule = {"source": document["tokenizer_source"]}
    if not isinstance(rule, dict):
        body["tokenizer"] = rule
        return
    rule = {**rule, "source": reader.model(rule.get("source", "union"))}
    if isinstance(rule.get("tokens"), dict):
        rule["tokens"] = {token: _token(given, reader) for token, given in rule["tokens"].items()}
    if "base" not in body and document.get("base_model") is not None:
        rule["base"] = reader.model(document["base_model"])
    body["tokenizer"] = rule if rule.keys() - {"source"} else rule["source"]


def _token(rule: Any, reader: Reader) -> Any:
    """A token's rule with the names of models in our form."""
    source = rule.get("source") if isinstance(rule, dict) else None
    if source is None:
        return rule
    if not isinstance(source, dict) or "kind" not in source:
        return {**rule, "source": reader.model(source)}
    return {**rule, "source": {**source, "model": reader.model(source["model"])} if "model" in source else source}


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


def _require(document: dict[str, Any], body: dict[str, Any], method: Method | None, pointing: Complaints) -> None:
    """mergekit has no default for weights and for t: a recipe without one stops there, and our default would be a guess."""
    if method is None:
        return
    if method.parameter("t") is not None and not _has("t", body):
        message = f"t is missing; mergekit requires it for {method.name}."
        pointing.add("missing_key", ("t",), message, repair=[_give(document, "t", _HALF.get(method.name, 0.5))])
    if method.parameter("weight") is None or "weight" in body["parameters"]:
        return
    for path, source, scopes in _sources_of(body):
        if not isinstance(source, dict) or source.get("model") == body.get("base"):
            continue
        if not any("weight" in scope for scope in (source.get("parameters", {}), *scopes)):
            message = "weight is missing; mergekit requires one for each model."
            repair = [_give(document, "weight", 1.0)]
            pointing.add("missing_key", (*path, "parameters", "weight"), message, repair=repair)


def _give(document: dict[str, Any], name: str, value: float) -> Repair:
    """Adds it for the whole recipe: to its parameters, or with them."""
    has_any = isinstance(document.get("parameters"), dict)
    patch = {
        "op": "add",
        "path": f"/parameters/{name}" if has_any else "/parameters",
        "value": value if has_any else {name: value},
    }
    return Repair(label=f"Use {value:g} everywhere", patch=(patch,))


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
