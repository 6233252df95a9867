"""What is left of a recipe whose document has errors: enough to look at the models it names, never enough to run.

An invalid value gives way to its default, an unknown key goes. A name that cannot be read stays as an empty one, so that
the places of its neighbours keep their numbers; an empty name resolves to nothing.
"""

import copy
import json
import math
from typing import Any

from pydantic import ValidationError

from workers.contracts.paths import Path, value_at
from workers.contracts.recipes import AnyRecipe

# Each round mends all that pydantic reports; what lies beneath shows in the next.
_ROUNDS = 6
_NAMED: dict[Path, Any] = {("method",): "", ("model",): "", ("architecture",): {}}
_ITEMS: dict[str, Any] = {"sources": {"model": ""}, "models": "", "data": {"data": ""}, "evaluate": {"data": ""}}


def salvage(body: dict[str, Any], model: type[AnyRecipe]) -> AnyRecipe | None:
    """The recipe without what is wrong with it, or None when too little is left."""
    mended = _finite(body)
    lists = {name for name in _ITEMS if name in model.model_fields and model.model_fields[name].is_required()}
    empty: set[str] = set()
    for _ in range(_ROUNDS):
        try:
            recipe = model.model_validate_json(json.dumps(mended), strict=True)
        except ValidationError as error:
            # From the back, so that taking an entry out of a list moves none that is still to be mended.
            for detail in reversed(error.errors(include_url=False, include_input=False)):
                place = tuple(detail["loc"])
                if detail["type"] == "too_short" and value_at(mended, place):
                    continue  # its entries are wrong themselves, and mended one by one
                if len(place) == 1 and place[0] in lists:
                    name = str(place[0])
                    empty.add(name)
                    mended[name] = [copy.copy(_ITEMS[name])]
                else:
                    _mend(mended, place, is_unknown=detail["type"] == "extra_forbidden")
        else:
            return recipe.model_copy(update=dict.fromkeys(empty, ()))
    return None


def _mend(body: dict[str, Any], place: Path, *, is_unknown: bool) -> None:
    holder, key = value_at(body, place[:-1]), place[-1]
    if isinstance(holder, list) and isinstance(key, int) and key < len(holder):
        name = str(place[-2])
        if len(place) == 2 and name in _ITEMS:
            holder[key] = copy.copy(_ITEMS[name])
        else:
            del holder[key]
    elif isinstance(holder, dict):
        if is_unknown:
            holder.pop(key, None)
        elif place in _NAMED:
            holder[key] = copy.copy(_NAMED[place])
        elif len(place) == 3 and key in {"model", "data"}:
            holder[key] = ""
        elif place == ("output", "repo"):
            del body["output"]
        else:
            holder.pop(key, None)


def _finite(value: Any) -> Any:
    """A copy without the numbers that are none."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items() if not _is_infinite(item)}
    if isinstance(value, list | tuple):
        return [None if _is_infinite(item) else _finite(item) for item in value]
    return value


def _is_infinite(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
