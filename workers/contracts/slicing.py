"""Slices and modules of a merge as they are written: which models they name, and what is wrong with a cut before any model is known."""

from collections.abc import Iterator
from typing import Any

from workers.contracts.complaints import Complaints, quoted
from workers.contracts.methods import Method, method_get
from workers.contracts.parameters import source_count_complaint
from workers.contracts.paths import Path


def sources_derive(body: dict[str, Any], complaints: Complaints) -> tuple[dict[str, Any], Complaints]:
    """Gives a document with slices or modules its `sources`: the models they name, in order of first mention.

    What is found out about one of them later is then said at its first mention.
    """
    if not body.get("slices") and not body.get("modules"):
        return body, complaints
    if "sources" in body:
        message = "The slices and modules say which models go in, and sources says it too. Leave sources out."
        complaints.add("duplicate_key", ("sources",), message, repair=[complaints.remove(("sources",))])
        return body, complaints
    name = body.get("method")
    method = method_get("merge", name) if isinstance(name, str) else None
    base = body.get("base") if method is None or method.takes_base else None
    named: dict[str, Path] = {}
    for path, model in models_named(body):
        if model != base:
            named.setdefault(model, path)
    derived = {**body, "sources": [{"model": model} for model in named]}
    return derived, complaints.also([(("sources", index), path) for index, path in enumerate(named.values())])


def models_named(body: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """The models that slices and modules name, each with the place of its entry."""
    parts: list[tuple[Path, Any]] = [((), body)]
    modules = body.get("modules")
    if isinstance(modules, dict):
        parts += [(("modules", name), module) for name, module in modules.items()]
    for path, part in parts:
        if not isinstance(part, dict):
            continue
        if path:
            yield from _entries(part, path)
        slices = part.get("slices")
        for index, item in enumerate(slices if isinstance(slices, list | tuple) else ()):
            if isinstance(item, dict):
                yield from _entries(item, (*path, "slices", index))


def _entries(part: dict[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    sources = part.get("sources")
    for index, source in enumerate(sources if isinstance(sources, list | tuple) else ()):
        model = source.get("model") if isinstance(source, dict) else source
        if isinstance(model, str):
            yield (*path, "sources", index), model


def non_base(sources: Any, base: Any, method: Method | None) -> list[Any]:
    """The sources of a part that are not its base."""
    if method is not None and not method.takes_base:
        return list(sources)
    return [source for source in sources if (source.get("model") if isinstance(source, dict) else source) != base]


def check_slice(part: dict[str, Any], path: Path, base: Any, method: Method | None, complaints: Complaints) -> None:
    """Equal lengths, no model twice, the base among the sources, as many sources as the method takes."""
    sources = [source for source in part["sources"] if isinstance(source, dict)]
    _check_layers(sources, path, complaints)
    models = [source.get("model") for source in sources]
    for index, model in enumerate(models):
        if model in models[:index]:
            message = f"{quoted(model)} is given twice in one slice. Its layers would be merged with its own."
            place = (*path, "sources", index)
            complaints.add("duplicate_source", place, message, repair=[complaints.remove(place, "Remove this source")])
    if method is None or len(sources) != len(part["sources"]):
        return
    own = part.get("base") or base
    if method.needs_base and own is not None and own not in models:
        message = f"The base {quoted(own)} is not among the sources of this slice, so nobody says which of its layers are meant."
        layers = sources[0].get("layers") if sources else None
        key = str(complaints.origin((*path, "sources", 0, "layers"))[-1])
        repair = [
            complaints.append((*path, "sources"), {"model": own, key: layers}, "Take the same layers of the base")
        ]
        complaints.add("base_not_in_slice", path, message, repair=repair if layers is not None else ())
    found = source_count_complaint(method, len(non_base(sources, own, method)))
    if found is not None:
        complaints.add(found[0], (*path, "sources"), found[1])


def _check_layers(sources: list[dict[str, Any]], path: Path, complaints: Complaints) -> None:
    lengths: dict[int, int] = {}
    for index, source in enumerate(sources):
        layers = source.get("layers")
        if not isinstance(layers, list | tuple) or len(layers) != 2 or not all(type(end) is int for end in layers):
            if layers is not None:
                place = (*path, "sources", index, "layers")
                message = f"{_key(place, complaints)} takes two whole numbers: the first layer and the one after the last, counted from 0."
                complaints.add("bad_layers", place, message)
            continue
        first, end = layers
        if end <= first:
            turned = [complaints.replace((*path, "sources", index, "layers"), [end, first], "Turn them round")]
            key = _key((*path, "sources", index, "layers"), complaints)
            message = f"{key} goes from {first} to {end}: that is no layer at all."
            complaints.add(
                "bad_layers", (*path, "sources", index, "layers"), message, repair=turned if end < first else ()
            )
        else:
            lengths[index] = end - first
    if len(set(lengths.values())) > 1:
        said = " and ".join(str(length) for length in dict.fromkeys(lengths.values()))
        complaints.add(
            "slice_lengths_differ", path, f"The sources of this slice give {said} layers. All must give as many."
        )


def _key(path: Path, complaints: Complaints) -> str:
    """As it was written: mergekit says layer_range."""
    return str(complaints.origin(path)[-1])
