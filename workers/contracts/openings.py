"""OPENINGS: what a search leaves open, read and checked against the rows of the method table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workers.contracts.complaints import Complaints, listed, nearest, quoted
from workers.contracts.methods import Method, Parameter, method_get, methods_of
from workers.contracts.parameters import check_range, check_value
from workers.contracts.paths import Path
from workers.contracts.recipes import MergeRecipe

METHOD = "method"
STEPS, MOST_STEPS, MOST_VALUES = 5, 1001, 1000
PLACE: Path = ("search", "open")
_KEYS = ("low", "high", "steps", "each")


@dataclass(frozen=True)
class Opening:
    """`values` where it is a list, else the range from `low` to `high` with `steps` points. `each`: one for every source."""

    name: str
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 1.0
    steps: int = STEPS
    is_whole: bool = False
    each: bool = False


def methods_open(recipe: MergeRecipe) -> tuple[str, ...]:
    """The methods that the search chooses from; the recipe's own, where it does not."""
    names = tuple(recipe.search.open.get(METHOD, ())) if recipe.search is not None else ()
    return names or (recipe.method,)


def openings_of(recipe: MergeRecipe) -> tuple[Opening, ...]:
    """What is open beside the method, with what the recipe leaves out taken from the method table.

    In the order of the table: a database that keeps JSON does not keep the order of its keys.
    """
    if recipe.search is None:
        return ()
    methods = [method for name in methods_open(recipe) if (method := method_get("merge", name)) is not None]
    rows = {row.name: row for method in reversed(methods) for row in method.parameters}
    names = dict.fromkeys(row.name for method in methods for row in method.parameters)
    given = recipe.search.open
    return tuple(_opening(rows[name], given[name] or {}) for name in names if name in given)


def parameter_of(methods: Sequence[str], name: str) -> Parameter | None:
    """The row of the first of the methods that has such a parameter."""
    rows = (method.parameter(name) for each in methods if (method := method_get("merge", each)) is not None)
    return next((row for row in rows if row is not None), None)


def ends_of(row: Parameter) -> tuple[float | None, float | None]:
    """Where a search looks unless it is told otherwise."""
    if row.searched is not None:
        return row.searched
    low = row.minimum
    if low is not None and row.exclusive_minimum:
        low += row.step or ((row.maximum or low + 1) - low) / 20
    return low, row.maximum


def _opening(row: Parameter, given: Any) -> Opening:
    if isinstance(given, list | tuple):
        return Opening(row.name, values=tuple(given))
    if row.type == "boolean" or (row.type == "choice" and not given):
        return Opening(row.name, values=(False, True) if row.type == "boolean" else row.choices)
    low, high = ends_of(row)
    return Opening(
        row.name,
        low=float(given.get("low", low)), high=float(given.get("high", high)), steps=given.get("steps", STEPS),
        is_whole=row.type == "integer", each=given.get("each", row.name == "weight" and row.scope == "source"),
    )  # fmt: skip


def check_openings(search: Any, method: Method | None, complaints: Complaints) -> Any:
    """The search without the openings that cannot be; each has a finding."""
    if not isinstance(search, dict) or not isinstance(search.get("open"), dict):
        return search
    given: Mapping[str, Any] = search["open"]
    if not given:
        message = (
            "search leaves nothing open. Say under open what is to be chosen: weight: {low: 0, high: 1}, for example."
        )
        complaints.add("nothing_open", PLACE, message, repair=[complaints.remove(("search",), "Remove the search")])
    names = [name for name in _methods(given, complaints)] if METHOD in given else []
    rows = names or ([method.name] if method is not None else [])
    kept = {METHOD: names} if names else {}
    for name, value in given.items():
        if name != METHOD and rows and _check_opening(name, value, rows, complaints):
            kept[name] = value
    return {**search, "open": kept}


def _methods(given: Mapping[str, Any], complaints: Complaints) -> list[str]:
    value, place = given[METHOD], (*PLACE, METHOD)
    if not isinstance(value, list | tuple) or not value:
        complaints.add("wrong_type", place, f"method is {quoted(value)}, it needs a list of methods to choose from.")
        return []
    known = [row.name for row in methods_of("merge")]
    found: list[str] = []
    for index, name in enumerate(value):
        if isinstance(name, str) and name in known:
            found.append(name)
            if name in found[:-1]:
                message = f"{name} is named twice."
                complaints.add("duplicate_key", (*place, index), message, repair=[complaints.remove((*place, index))])
                found.pop()
            continue
        meant = nearest(str(name), known)
        suggestion = f" Did you mean {meant}?" if meant else ""
        complaints.add(
            "unknown_method", (*place, index), f"There is no merge method {quoted(name)}.{suggestion}",
            repair=[complaints.replace((*place, index), meant)] if meant else [],
        )  # fmt: skip
    return found


def _check_opening(name: str, value: Any, methods: Sequence[str], complaints: Complaints) -> bool:
    place = (*PLACE, name)
    row = parameter_of(methods, name)
    if row is None:
        known = sorted(
            {entry.name for each in methods if (found := method_get("merge", each)) for entry in found.parameters}
        )
        meant = nearest(name, known)
        suggestion = f" Did you mean {meant}?" if meant else f" It can be {listed(known)}." if known else ""
        complaints.add(
            "unknown_key", place, f"{quoted(name)} is no parameter of {listed(list(methods))}.{suggestion}",
            repair=[*([complaints.rename(place, meant)] if meant else []), complaints.remove(place)],
        )  # fmt: skip
        return False
    if isinstance(value, list | tuple):
        return _check_values(row, value, place, complaints)
    if value is None:
        value = {}
    if not isinstance(value, dict):
        message = f"{name} is {quoted(value)}. What is open needs a range, as {{low: 0, high: 1}}, or a list of values."
        complaints.add("wrong_type", place, message)
        return False
    if row.type in {"choice", "boolean"} and value:
        complaints.add(
            "wrong_type",
            place,
            f"{name} is chosen from a list: {listed([str(entry) for entry in row.choices] or ['true', 'false'])}.",
        )
        return False
    return (not value and row.type in {"choice", "boolean"}) or _check_range(row, value, place, complaints)


def _check_values(row: Parameter, values: Sequence[Any], place: Path, complaints: Complaints) -> bool:
    if not values or len(values) > MOST_VALUES:
        message = f"{row.name} has {len(values)} values to choose from. It needs 1 to {MOST_VALUES}."
        complaints.add("too_many" if values else "missing_key", place, message)
        return False
    return all([check_value(row, entry, (*place, index), complaints) for index, entry in enumerate(values)])


def _check_range(row: Parameter, given: dict[str, Any], place: Path, complaints: Complaints) -> bool:
    is_right = True
    for key in given:
        if key not in _KEYS:
            meant = nearest(key, _KEYS)
            repair = [complaints.rename((*place, key), meant)] if meant and meant not in given else []
            message = f"{quoted(key)} is not a key of a range.{f' Did you mean {meant}?' if meant else ''}"
            complaints.add("unknown_key", (*place, key), message, repair=[*repair, complaints.remove((*place, key))])
            is_right = False
    ends = dict(zip(("low", "high"), ends_of(row), strict=True))
    for key in ends:
        if key in given:
            is_right = check_value(row, given[key], (*place, key), complaints) and is_right
        elif ends[key] is None:
            message = f"{row.name} can be any number. Say from where to where the search looks: {key} is missing."
            complaints.add("missing_key", (*place, key), message)
            is_right = False
    steps, each = given.get("steps", STEPS), given.get("each", False)
    if isinstance(steps, bool) or not isinstance(steps, int):
        complaints.add("wrong_type", (*place, "steps"), f"steps is {quoted(steps)}, it needs a whole number.")
        is_right = False
    else:
        is_right = (
            check_range("steps", steps, (*place, "steps"), complaints, minimum=2, maximum=MOST_STEPS) and is_right
        )
    if not isinstance(each, bool):
        complaints.add("wrong_type", (*place, "each"), f"each is {quoted(each)}, it needs true or false.")
        is_right = False
    elif each and row.scope != "source":
        complaints.add(
            "wrong_type", (*place, "each"), f"{row.name} holds for the whole recipe: there is none for each source.",
            repair=[complaints.remove((*place, "each"))],
        )  # fmt: skip
        is_right = False
    low, high = given.get("low", ends["low"]), given.get("high", ends["high"])
    if is_right and low is not None and high is not None and low >= high:
        complaints.add("range_empty", place, f"{row.name} is open from {low:g} to {high:g}. low must be below high.")
        return False
    return is_right
