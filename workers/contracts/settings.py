"""SETTINGS: the value of a parameter as a recipe may give it, and what it is for one tensor.

A setting is one value; a list of values, spread evenly over the layers (a gradient); `{value, filter}`, which holds for the
tensors whose name contains `filter`; or a list of those, of which the first that fits a name holds.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from workers.contracts.complaints import Complaints, nearest, quoted
from workers.contracts.methods import Parameter
from workers.contracts.parameters import check_value
from workers.contracts.paths import Path

MOST_ANCHORS = 512
ANY = "*"
_KEYS = ("value", "filter")


def is_plain(setting: Any) -> bool:
    """Whether it is one value, the same for every tensor."""
    return not isinstance(setting, list | tuple | dict)


def setting_value(parameter: Parameter, setting: Any, name: str, position: float) -> Any:
    """What a setting is for one tensor; None where none of its filters fits.

    Args:
        parameter: numbers are interpolated between the anchors of a gradient, everything else takes the anchor before.
        name: of the tensor.
        position: its layer's place in the stack, from 0 to 1; 0 for what is in no layer.
    """
    if isinstance(setting, dict):
        setting = (setting,)
    if isinstance(setting, list | tuple) and any(isinstance(entry, dict) for entry in setting):
        fitting = (entry["value"] for entry in setting if fits(entry.get("filter"), name))
        setting = next(fitting, None)
    return _along(parameter, setting, position) if isinstance(setting, list | tuple) else setting


def fits(filter: str | None, name: str) -> bool:
    return filter is None or filter == ANY or filter in name


def filters_of(setting: Any) -> Iterable[str]:
    """The filters that leave tensors out."""
    entries = (setting,) if isinstance(setting, dict) else setting if isinstance(setting, list | tuple) else ()
    return [entry["filter"] for entry in entries if isinstance(entry, dict) and entry.get("filter") not in (None, ANY)]


def first_value(parameter: Parameter, scopes: Iterable[Mapping[str, Any]], name: str, position: float) -> Any:
    """The value of the first scope that has one for this tensor, else the method's default."""
    for scope in scopes:
        if parameter.name in scope:
            value = setting_value(parameter, scope[parameter.name], name, position)
            if value is not None:
                return value
    return parameter.default


def _along(parameter: Parameter, anchors: Iterable[Any], position: float) -> Any:
    values = list(anchors)
    place = position * (len(values) - 1)
    before = int(place)
    if parameter.type != "number":
        return values[before]
    after, share = min(len(values) - 1, before + 1), place - before
    return (1 - share) * values[before] + share * values[after]


def check_setting(parameter: Parameter, setting: Any, path: Path, complaints: Complaints) -> bool:
    """Whether a setting is of one of the four forms, with values that the parameter can have."""
    if isinstance(setting, dict):
        return _check_filtered(parameter, setting, path, complaints)
    if not isinstance(setting, list | tuple) or not setting:
        return check_value(parameter, setting, path, complaints)
    kinds = {isinstance(entry, dict) for entry in setting}
    if len(kinds) != 1 or len(setting) > MOST_ANCHORS:
        reason = "mixes values and filters" if len(kinds) > 1 else f"has more than {MOST_ANCHORS} entries"
        message = (
            f"{parameter.name} is a list that {reason}. It takes values from the first layer to the last, or filters."
        )
        complaints.add("bad_setting", path, message)
        return False
    check = _check_filtered if kinds == {True} else check_value
    is_right = all([check(parameter, entry, (*path, index), complaints) for index, entry in enumerate(setting)])
    if kinds == {True} and is_right:
        _check_reached(parameter, setting, path, complaints)
    return is_right


def _check_filtered(parameter: Parameter, entry: dict[str, Any], path: Path, complaints: Complaints) -> bool:
    is_right = True
    for key in entry:
        if key not in _KEYS:
            meant = nearest(key, _KEYS)
            repair = [complaints.rename((*path, key), meant)] if meant and meant not in entry else []
            suggestion = f" Did you mean {meant}?" if meant else ""
            complaints.add(
                "unknown_key", (*path, key), f"{quoted(key)} is not a key of a filter.{suggestion}",
                repair=[*repair, complaints.remove((*path, key))],
            )  # fmt: skip
            is_right = False
    filter = entry.get("filter")
    if filter is not None and not isinstance(filter, str):
        message = f"filter is {quoted(filter)}, it needs a part of the tensors' names."
        complaints.add("wrong_type", (*path, "filter"), message)
        is_right = False
    if "value" not in entry:
        complaints.add(
            "missing_key", (*path, "value"), f"value is missing: what {parameter.name} is for these tensors."
        )
        return False
    value, place = entry["value"], (*path, "value")
    if isinstance(value, dict) or (isinstance(value, list | tuple) and any(isinstance(item, dict) for item in value)):
        complaints.add(
            "bad_setting", place, f"{parameter.name} has a filter inside a filter. Write one list of filters."
        )
        return False
    return check_setting(parameter, value, place, complaints) and is_right


def _check_reached(parameter: Parameter, entries: Iterable[dict[str, Any]], path: Path, complaints: Complaints) -> None:
    """The first filter that fits holds, so nothing comes after one that fits everything."""
    open_at: int | None = None
    for index, entry in enumerate(entries):
        if open_at is not None:
            message = f"This filter of {parameter.name} is never asked: entry {open_at + 1} fits every tensor."
            complaints.add(
                "filter_unreachable", (*path, index), message, severity="warning",
                repair=[complaints.remove((*path, index))],
            )  # fmt: skip
        elif entry.get("filter") in (None, ANY):
            open_at = index
