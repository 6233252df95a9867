"""A merge's document into the form of its record: the method's parameters go into `parameters`, at every level.

Every key that is neither a field nor a parameter of the method is reported, and so is every value a parameter cannot have.
"""

from collections.abc import Collection
from typing import Any

from workers.contracts.complaints import Complaints, listed, nearest, quoted
from workers.contracts.findings import Repair
from workers.contracts.methods import METHODS, Method, method_get, methods_of
from workers.contracts.openings import check_openings
from workers.contracts.parameters import source_count_complaint
from workers.contracts.paths import Path
from workers.contracts.recipes import LayerSource, MergeRecipe, Module, Slice, Source
from workers.contracts.settings import check_setting
from workers.contracts.shaping_tokenizer import shape_tokenizer
from workers.contracts.slicing import check_slice, non_base
from workers.contracts.validation import fields_of

_SHOWN = 4
_FEW = 8
# Keys of mergekit's YAML that a recipe with `kind` has under another name, and what that does.
_THEIRS = {
    "out_dtype": ("dtype", "sets the number format of the result"), "merge_method": ("method", "names the method"),
    "base_model": ("base", "names the base"), "models": ("sources", "lists the models"),
    "tokenizer_source": ("tokenizer", "says whose tokenizer the result gets"),
}  # fmt: skip


def shape_merge(body: dict[str, Any], complaints: Complaints) -> dict[str, Any]:
    """The document as `MergeRecipe` reads it."""
    body = _method_open(body)
    method = _method(body, complaints)
    shaped: dict[str, Any] = _split(body, (), fields_of(MergeRecipe), method, "recipe", complaints)
    if "search" in body:
        shaped["search"] = check_openings(body["search"], method, complaints)
    if "tokenizer" in body:
        shaped["tokenizer"] = shape_tokenizer(body["tokenizer"], ("tokenizer",), complaints)
    is_cut = bool(body.get("slices") or body.get("modules"))
    if isinstance(body.get("sources"), list | tuple):
        shaped["sources"] = _sources(body["sources"], ("sources",), method, complaints)
        if not is_cut:
            _check_count(body, method, complaints)
    if "slices" in body:
        shaped["slices"] = _slices(body["slices"], ("slices",), body.get("base"), method, complaints)
    if isinstance(body.get("modules"), dict):
        shaped["modules"] = {
            name: _module(item, ("modules", name), body.get("base"), method, complaints)
            for name, item in body["modules"].items()
        }
    return shaped


def _method_open(body: dict[str, Any]) -> dict[str, Any]:
    """A recipe that leaves the method to a search starts with the first that the search may take."""
    search = body.get("search")
    given = search.get("open") if isinstance(search, dict) else None
    names = given.get("method") if isinstance(given, dict) else None
    if "method" in body or not isinstance(names, list | tuple) or not names or not isinstance(names[0], str):
        return body
    return {**body, "method": names[0]}


def _sources(items: list[Any], path: Path, method: Method | None, complaints: Complaints) -> list[Any]:
    return [
        _split(item, (*path, index), fields_of(Source), method, "source", complaints) if isinstance(item, dict)
        else {"model": item, "parameters": {}} if isinstance(item, str) else item
        for index, item in enumerate(items)
    ]  # fmt: skip


def _slices(items: Any, path: Path, base: Any, method: Method | None, complaints: Complaints) -> Any:
    if not isinstance(items, list | tuple):
        return items
    shaped = []
    for index, item in enumerate(items):
        place = (*path, index)
        if not isinstance(item, dict):
            shaped.append(item)
            continue
        part = _split(item, place, fields_of(Slice), method, "slice", complaints)
        if isinstance(item.get("sources"), list | tuple):
            part["sources"] = [
                _split(source, (*place, "sources", at), fields_of(LayerSource), method, "source", complaints)
                if isinstance(source, dict) else source
                for at, source in enumerate(item["sources"])
            ]  # fmt: skip
            check_slice(part, place, base, method, complaints)
        shaped.append(part)
    return shaped


def _module(item: Any, path: Path, base: Any, method: Method | None, complaints: Complaints) -> Any:
    if not isinstance(item, dict):
        return item
    part = _split(item, path, fields_of(Module), method, "module", complaints)
    if bool(item.get("slices")) == bool(item.get("sources")):
        complaints.add("missing_key", path, "A module needs either sources or slices: the models it is made from.")
    if isinstance(item.get("sources"), list | tuple):
        part["sources"] = _sources(item["sources"], (*path, "sources"), method, complaints)
        found = source_count_complaint(method, len(non_base(item["sources"], base, method))) if method else None
        if found is not None:
            complaints.add(found[0], (*path, "sources"), found[1])
    if "slices" in item:
        part["slices"] = _slices(item["slices"], (*path, "slices"), base, method, complaints)
    return part


def _method(body: dict[str, Any], complaints: Complaints) -> Method | None:
    name = body.get("method")
    method = method_get("merge", name) if isinstance(name, str) else None
    if isinstance(name, str) and method is None:
        names = [row.name for row in methods_of("merge")]
        meant = nearest(name, names)
        suggestion = f" Did you mean {meant}?" if meant else f" It must be {listed(names)}."
        repair = [complaints.replace(("method",), meant)] if meant else []
        complaints.add(
            "unknown_method", ("method",), f"There is no merge method {quoted(name)}.{suggestion}", repair=repair
        )
    return method


def _split(
    part: dict[str, Any], path: Path, fields: set[str], method: Method | None, scope: str, complaints: Complaints
) -> dict[str, Any]:
    shaped = {key: value for key, value in part.items() if key in fields and key != "parameters"}
    parameters: dict[str, Any] = {}
    inline = {key: value for key, value in part.items() if key not in fields}
    nested = part.get("parameters", {})
    if not isinstance(nested, dict):
        shaped["parameters"] = nested
        nested = {}
    given: set[str] = set()
    for values, prefix in ((nested, (*path, "parameters")), (inline, path)):
        for key, value in values.items():
            place = (*prefix, key)
            if key in given:
                complaints.add(
                    "duplicate_key",
                    place,
                    f"{key} is given twice, beside and inside parameters. Keep one.",
                    repair=[complaints.remove(place)],
                )
            elif _check_parameter(
                key, value, place, fields if prefix == path else set(), method, scope, part, complaints
            ):
                parameters[key] = value
            given.add(key)
    return {"parameters": parameters, **shaped}


def _check_parameter(
    key: str, value: Any, path: Path, fields: set[str], method: Method | None, scope: str, given: Collection[str], complaints: Complaints
) -> bool:  # fmt: skip
    """Whether `key` is a parameter at this place, with a value it can have. A source's parameter at recipe level is the default of all sources."""
    if key in _THEIRS and len(path) == 1:
        _foreign(key, path, given, complaints)
        return False
    if method is None:
        # With the method itself unknown only keys that no method has are certainly wrong.
        known = {parameter.name for row in METHODS if row.kind == "merge" for parameter in row.parameters}
        if key not in known:
            _unknown(key, path, known | fields, "", complaints)
        return False
    parameter = method.parameter(key)
    if parameter is not None and (scope != "source" or parameter.scope == "source"):
        return check_setting(parameter, value, path, complaints)
    if parameter is not None:
        complaints.add(
            "unknown_key",
            path,
            f"{key} holds for the whole recipe, not for one source.",
            repair=[complaints.remove(path)],
        )
        return False
    usable = {row.name for row in method.parameters if scope != "source" or row.scope == "source"}
    owners = [row.label for row in METHODS if row.kind == method.kind and row.parameter(key) is not None]
    reason = (
        f" {method.label} does not have it, {_named(owners)} {'has' if len(owners) == 1 else 'have'}." if owners else ""
    )
    _unknown(key, path, usable | fields, reason, complaints)
    return False


def _foreign(key: str, path: Path, given: Collection[str], complaints: Complaints) -> None:
    """A key that is right in mergekit's YAML, where the nearest of ours may be the wrong one."""
    ours, does = _THEIRS[key]
    message = f"{quoted(key)} is a key of mergekit's YAML. In a recipe of kind merge {ours} {does}"
    if ours in given:
        complaints.add("unknown_key", path, f"{message}, and it is given too.", repair=[complaints.remove(path)])
        return
    complaints.add("unknown_key", path, f"{message}.", repair=[complaints.rename(path, ours), complaints.remove(path)])


def _named(owners: list[str]) -> str:
    """The first few, in the order of the table."""
    if len(owners) <= _SHOWN:
        return listed(owners).replace(" or ", " and ")
    return f"{', '.join(owners[:_SHOWN])} and {len(owners) - _SHOWN} others"


def _unknown(key: str, path: Path, known: set[str], reason: str, complaints: Complaints) -> None:
    meant = None if complaints.is_full else nearest(key, sorted(known))
    suggestion = f" Did you mean {meant}?" if meant and not reason else ""
    repair = [complaints.rename(path, meant)] if meant and not reason else []
    complaints.add(
        "unknown_key",
        path,
        f"{quoted(key)} is not a key here.{reason}{suggestion}",
        repair=[*repair, complaints.remove(path)],
    )


def _check_count(body: dict[str, Any], method: Method | None, complaints: Complaints) -> None:
    count = len(body["sources"])
    complaint = source_count_complaint(method, count) if method is not None and count else None
    if method is None or complaint is None:
        return
    repair: list[Repair] = []
    if method.needs_base and count - 1 == method.maximum_sources and not body.get("base"):
        first = body["sources"][0]
        model = first.get("model") if isinstance(first, dict) else first
        patch = ({"op": "add", "path": "/base", "value": model}, {"op": "remove", "path": "/sources/0"})
        repair = [Repair(label="Make the first one the base", patch=patch)] if isinstance(model, str) else []
    if (
        complaint[0] == "too_many_sources"
        and method.maximum_sources is not None
        and method.maximum_sources < count <= _FEW
    ):
        extra = range(count - 1, method.maximum_sources - 1, -1)
        patches = [complaints.remove(("sources", index)).patch[0] for index in extra]
        label = "Leave out the last one" if len(patches) == 1 else f"Leave out the last {len(patches)}"
        repair.append(Repair(label=label, patch=tuple(patches)))
    complaints.add(complaint[0], ("sources",), complaint[1], repair=repair)
