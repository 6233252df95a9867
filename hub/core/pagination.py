"""Keyset pages. A cursor holds the sort key of the last row shown, signed: page 10 000 costs what the first costs, and nobody forges one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.db.models import Model, Q, QuerySet

from hub.core.errors import Invalid

LIMIT_DEFAULT, LIMIT_MAX = 50, 200
_SALT = "genepool.cursor"
_INSTANT = "@"


def cursor_encode(values: Sequence[Any], *, scope: str = "") -> str:
    """`scope` names the list and its sort order: a cursor of another list is refused instead of giving nonsense."""
    return signing.Signer(salt=f"{_SALT}.{scope}").sign_object([_pack(value) for value in values])


def cursor_decode(text: str, *, scope: str = "", length: int | None = None) -> list[Any]:
    try:
        values = signing.Signer(salt=f"{_SALT}.{scope}").unsign_object(text)
    except (signing.BadSignature, ValueError):
        raise Invalid("This cursor does not belong to this list. Leave it out to begin at the start.") from None
    if not isinstance(values, list) or (length is not None and len(values) != length):
        raise Invalid("This cursor is from another version. Leave it out to begin at the start.")
    return [_unpack(value) for value in values]


def _pack(value: Any) -> Any:
    if isinstance(value, datetime):
        return {_INSTANT: value.isoformat()}
    return value if isinstance(value, int | float | str | bool | None) else str(value)


def _unpack(value: Any) -> Any:
    return datetime.fromisoformat(value[_INSTANT]) if isinstance(value, dict) else value


def limit_of(text: str | None, *, default: int = LIMIT_DEFAULT, maximum: int = LIMIT_MAX) -> int:
    """`?limit=`: out of range is an error, so that a script notices that it gets fewer rows than it asked for."""
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= maximum:
        raise Invalid(f"limit is {text[:20]!r}. Write a number from 1 to {maximum}.")
    return int(text)


@dataclass(frozen=True)
class Slice:
    rows: list[Any]
    next: str | None


def keyset_slice(
    queryset: QuerySet[Any],
    order: Sequence[str],
    *,
    cursor: str | None = None,
    limit: int = LIMIT_DEFAULT,
    scope: str = "",
) -> Slice:
    """The rows after `cursor` in `order` (field names, `-` for descending). The last field must be unique and none may be null."""
    scope = f"{scope}:{','.join(order)}"
    queryset = queryset.order_by(*order)
    if cursor:
        queryset = queryset.filter(_after(order, cursor_decode(cursor, scope=scope, length=len(order))))
    rows = list(queryset[: limit + 1])
    if len(rows) <= limit:
        return Slice(rows, None)
    last = rows[limit - 1]
    return Slice(rows[:limit], cursor_encode([_value(last, field.removeprefix("-")) for field in order], scope=scope))


def _value(row: Model | dict[str, Any], field: str) -> Any:
    return row[field] if isinstance(row, dict) else getattr(row, field)


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    """(a, b) after (x, y) as `a ≤ x and (a < x or (a = x and b < y))`: the first half lets an index on `a` begin in the right place."""
    steps, equal = Q(pk__in=()), Q()
    for field, value in zip(order, values, strict=True):
        name, comparison = (field[1:], "lt") if field.startswith("-") else (field, "gt")
        steps |= equal & Q(**{f"{name}__{comparison}": value})
        equal &= Q(**{name: value})
    first, comparison = (order[0][1:], "lte") if order[0].startswith("-") else (order[0], "gte")
    return Q(**{f"{first}__{comparison}": values[0]}) & steps
