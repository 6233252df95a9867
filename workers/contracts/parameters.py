"""Checks values against the rows of the method table, and resolves what a recipe leaves out."""

import math
from typing import Any

from workers.contracts.complaints import Complaints, listed, nearest, quoted, shown
from workers.contracts.methods import Method, Parameter, method_get
from workers.contracts.paths import Path
from workers.contracts.recipes import MergeRecipe

_LATER = {"slices", "modules", "tokenizer", "chat_template", "data", "search", "diagnostics"}
_WORDS = {"number": "a number", "integer": "a whole number", "boolean": "true or false"}


def check_value(parameter: Parameter, value: Any, path: Path, complaints: Complaints) -> bool:
    """Whether type, range and choice of one value are right; what is not is said with the repair that is probably meant."""
    name = parameter.name
    if parameter.type == "choice":
        if isinstance(value, str) and value in parameter.choices:
            return True
        meant = nearest(str(value), parameter.choices)
        complaints.add(
            "unknown_choice", path, f"{name} is {quoted(value)}, it must be {listed(parameter.choices)}.",
            repair=[complaints.replace(path, meant)] if meant else (),
        )  # fmt: skip
        return False
    if not _has_type(parameter.type, value):
        meant_value = _converted(parameter.type, value)
        complaints.add(
            "wrong_type", path, f"{name} is {quoted(value)}, it needs {_WORDS[parameter.type]}.",
            repair=[complaints.replace(path, meant_value)] if meant_value is not None else (),
        )  # fmt: skip
        return False
    return parameter.type == "boolean" or check_range(
        name, value, path, complaints, minimum=parameter.minimum, maximum=parameter.maximum,
        exclusive_minimum=parameter.exclusive_minimum, default=parameter.default,
    )  # fmt: skip


def check_range(
    name: str, value: float, path: Path, complaints: Complaints, *,
    minimum: float | None = None, maximum: float | None = None, exclusive_minimum: bool = False, exclusive_maximum: bool = False,
    default: Any = None,
) -> bool:  # fmt: skip
    if isinstance(value, float) and not math.isfinite(value):
        complaints.add("not_finite", path, f"{name} is {shown(value)}. Only finite numbers can be used.")
        return False
    too_low = minimum is not None and (value < minimum or (exclusive_minimum and value == minimum))
    too_high = maximum is not None and (value > maximum or (exclusive_maximum and value == maximum))
    if not too_low and not too_high:
        return True
    bound = minimum if too_low else maximum
    relation = (
        "not above"
        if too_low and exclusive_minimum
        else "below"
        if too_low
        else "not below"
        if exclusive_maximum
        else "above"
    )
    meant = _meant(value, minimum, maximum, exclusive_minimum)
    message = f"{name} is {shown(value)}, {relation} {_plain(bound)}."
    if meant is not None:
        message += f" Did you mean {_plain(meant)}?"
    repair = [complaints.replace(path, meant)] if meant is not None else []
    is_open = exclusive_minimum if too_low else exclusive_maximum
    if not repair and default is not None:
        repair = [complaints.replace(path, default, f"Use {_plain(default)}, the default")]
    elif not repair and not is_open:
        whole = isinstance(value, int) and bound is not None and float(bound).is_integer()
        repair = [complaints.replace(path, int(bound or 0) if whole else bound, f"Use {_plain(bound)}")]
    complaints.add("out_of_range", path, message, repair=repair)
    return False


def source_count_complaint(method: Method, count: int) -> tuple[str, str] | None:
    """(code, message) when a method does not take so many sources."""
    given = "1 source is given" if count == 1 else f"{count} sources are given"
    if method.maximum_sources is not None and count > method.maximum_sources:
        noun = "source" if method.maximum_sources == 1 else "sources"
        beside = " besides the base" if method.takes_base else ""
        return "too_many_sources", f"{given}, {method.label} takes {method.maximum_sources} {noun}{beside}."
    if count < method.minimum_sources:
        return "too_few_sources", f"{given}, {method.label} needs {method.minimum_sources}."
    return None


def resolve_parameters(recipe: MergeRecipe, method: Method) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(recipe-level values, one mapping per source): a source's own value, else the recipe's, else the table's default."""
    chosen = {
        parameter.name: recipe.parameters.get(parameter.name, parameter.default) for parameter in method.parameters
    }
    shared = {parameter.name: chosen[parameter.name] for parameter in method.parameters if parameter.scope == "recipe"}
    per_source = [
        {
            parameter.name: source.parameters.get(parameter.name, chosen[parameter.name])
            for parameter in method.parameters
            if parameter.scope == "source"
        }
        for source in recipe.sources
    ]
    return shared, per_source


def recipe_resolved(document: dict[str, Any]) -> dict[str, Any]:
    """A stored recipe with every parameter written out: equal for recipes that mean the same, whatever they leave out."""
    name = document.get("method")
    method = method_get("merge", name) if document.get("kind") == "merge" and isinstance(name, str) else None
    if method is None:
        return document
    recipe = MergeRecipe.model_validate(document)
    shared, per_source = resolve_parameters(recipe, method)
    sources = [
        {"model": source.model, "parameters": _as_typed(method, values), **source.prompts}
        for source, values in zip(recipe.sources, per_source, strict=True)
    ]
    written = recipe.model_dump(mode="json")
    if recipe.slices or recipe.modules:
        # What they leave out comes from the recipe, whose per-source values are written out once.
        shared |= {row.name: recipe.parameters.get(row.name, row.default) for row in method.parameters}
        sources = [{"model": source.model, "parameters": {}} for source in recipe.sources]
        written |= {key: _parts_typed(method, written[key]) for key in ("slices", "modules")}
    # A field that came later and is left out must not make old results the answer to another question.
    written = {key: value for key, value in written.items() if key not in _LATER or value}
    return written | {"parameters": _as_typed(method, shared), "sources": sources}


def _parts_typed(method: Method, part: Any) -> Any:
    if isinstance(part, list):
        return [_parts_typed(method, item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _as_typed(method, value) if key == "parameters" else _parts_typed(method, value)
        for key, value in part.items()
    }


def _as_typed(method: Method, values: dict[str, Any]) -> dict[str, Any]:
    """1 and 1.0 are one number to the method, and two texts to a hash."""
    numbers = {parameter.name for parameter in method.parameters if parameter.type == "number"}
    return {name: _floats(value) if name in numbers else value for name, value in values.items()}


def _floats(setting: Any) -> Any:
    if isinstance(setting, list | tuple):
        return [_floats(entry) for entry in setting]
    if isinstance(setting, dict):
        return {key: _floats(value) if key == "value" else value for key, value in setting.items()}
    return float(setting) if isinstance(setting, int | float) else setting


def _has_type(type_: str, value: Any) -> bool:
    if type_ == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    return isinstance(value, int) if type_ == "integer" else isinstance(value, int | float)


def _converted(type_: str, value: Any) -> Any:
    """What a value of the wrong type probably means: a quoted number, `yes`, 1 for true."""
    text = str(value).strip().lower()
    if type_ == "boolean":
        return {
            "yes": True,
            "true": True,
            "on": True,
            "1": True,
            "no": False,
            "false": False,
            "off": False,
            "0": False,
        }.get(text)
    if isinstance(value, str | float) and len(text) <= 40:
        text, scale = (text[:-1].strip(), 0.01) if text.endswith("%") else (text, 1.0)
        try:
            number = float(text) * scale
        except ValueError:
            return None
        if math.isfinite(number) and (type_ == "number" or number.is_integer()):
            return int(number) if type_ == "integer" else round(number, 9)
    return None


def _meant(value: float, minimum: float | None, maximum: float | None, exclusive_minimum: bool) -> float | None:
    """A slipped decimal point or a percentage. A sign is never turned: −99 is nobody's way of writing 9.9."""

    def fits(number: float) -> bool:
        above = minimum is None or (number > minimum if exclusive_minimum else number >= minimum)
        return above and (maximum is None or number <= maximum)

    if abs(value) > 1e6 or maximum is None or value <= maximum:
        return None
    percent_first = (0.01, 0.1) if abs(value) >= 10 else (0.1, 0.01)
    for factor in (*percent_first, 0.001):
        number = round(value * factor, 9)
        if fits(number) and (isinstance(value, float) or maximum <= 10):
            return int(number) if isinstance(value, int) and number == int(number) else number
    return None


def _plain(number: float | None) -> str:
    if isinstance(number, float) and number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return str(number)
