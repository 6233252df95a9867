"""Turns pydantic's validation errors into findings in the words of the house."""

from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from workers.contracts.complaints import Complaints, listed, nearest, quoted
from workers.contracts.parameters import check_range
from workers.contracts.paths import Path, value_at, where_of

_NEEDS = {
    "int": "a whole number", "float": "a number", "string": "text", "bool": "true or false", "tuple": "a list", "list": "a list",
    "dict": "keys and values", "model": "keys and values",
}  # fmt: skip
_BOUNDS = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}


def fields_of(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


def report(error: ValidationError, model: type[BaseModel], document: dict[str, Any], complaints: Complaints) -> None:
    for detail in error.errors(include_url=False, include_input=False):
        if detail["type"] == "default_factory_not_called":
            continue  # a default that goes by another field, which is wrong and has its own finding
        path = tuple(detail["loc"])
        _report_one(detail["type"], path, detail.get("ctx", {}), detail["msg"], model, document, complaints)


def _report_one(
    kind: str, path: Path, context: dict[str, Any], text: str, model: type[BaseModel], document: dict[str, Any], complaints: Complaints
) -> None:  # fmt: skip
    value = value_at(document, path)
    # As it was written: mergekit calls some keys otherwise, and a place in a list is not called by its number alone.
    written = complaints.origin(path)
    name = str(written[-1]) if written else "recipe"
    if len(written) > 1 and isinstance(written[-1], int):
        name = f"{written[-2]}[{written[-1]}]"
    if any(complaints.has("bad_layers", part) for part in (path, path[:-1])):
        return
    where = where_of(written)
    family = kind.removesuffix("_type").removesuffix("_parsing")
    if kind == "missing":
        complaints.add("missing_key", path, f"{where} is missing.")
    elif kind == "extra_forbidden":
        known = fields_of(_model_at(model, path[:-1]))
        meant = None if complaints.is_full else nearest(name, sorted(known))
        repair = [complaints.rename(path, meant)] if meant and value_at(document, (*path[:-1], meant)) is None else []
        suggestion = f" Did you mean {meant}?" if meant else ""
        complaints.add(
            "unknown_key",
            path,
            f"{quoted(name)} is not a key here.{suggestion}",
            repair=[*repair, complaints.remove(path)],
        )
    elif kind in _BOUNDS:
        low, high = context.get("ge", context.get("gt")), context.get("le", context.get("lt"))
        check_range(
            name, value, path, complaints,
            minimum=low, maximum=high, exclusive_minimum="gt" in context, exclusive_maximum="lt" in context,
        )  # fmt: skip
    elif kind == "literal_error":
        options = [part.strip(" '") for part in str(context.get("expected", "")).replace(" or ", ", ").split(",")]
        meant = nearest(str(value), options)
        repair = [complaints.replace(path, meant)] if meant else []
        complaints.add(
            "unknown_choice", path, f"{where} is {quoted(value)}, it must be {listed(options)}.", repair=repair
        )
    elif kind == "finite_number":
        complaints.add("not_finite", path, f"{where} is {quoted(value)}. Only finite numbers can be used.")
    elif kind == "too_short":
        if value:  # entries that are wrong themselves do not count for pydantic, and have their own findings
            return
        complaints.add("missing_key", path, f"{where} is empty. It needs at least {context.get('min_length')}.")
    elif kind == "too_long":
        code = "too_many_sources" if path == ("sources",) else "too_many"
        complaints.add(
            code,
            path,
            f"{where} has {context.get('actual_length')} entries, at most {context.get('max_length')} are read.",
        )
    elif kind == "string_too_long":
        complaints.add("too_long", path, f"{where} is longer than {context.get('max_length')} characters.")
    elif family in _NEEDS:
        complaints.add("wrong_type", path, f"{where} is {quoted(value)}, it needs {_NEEDS[family]}.")
    else:
        complaints.add("invalid_value", path, f"{where} is {quoted(value)}: {text[:1].lower()}{text[1:]}.")


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel]:
    """The record that holds the key at `path`, through lists and optional fields."""
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            model = _record_in(model.model_fields[part].annotation) or model
    return model


def _record_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Union, UnionType, tuple, list}:
        return next((found for part in get_args(annotation) if (found := _record_in(part)) is not None), None)
    return None
