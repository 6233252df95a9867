"""Facets with counts. The counts of a facet leave its own choice out: they say what else could be picked.

Counts are exact up to ROWS_CAP matching rows; above, they are of so many of them, and the page says that the count is capped.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from hub.catalog.models import Repo

MAX_VALUES = 20
# Beyond so many rows nobody compares counts any more, and counting them all would make every search slower than its answer is worth.
ROWS_CAP = 10_000


@dataclass(frozen=True)
class Facet:
    label: str
    column: str


FACETS: dict[str, Facet] = {
    "artifact": Facet("Kind", "artifact"),
    "task": Facet("Task", "task"),
    "architecture": Facet("Architecture", "architecture"),
    "library": Facet("Library", "library"),
    "licence": Facet("Licence", "licence"),
    "dtype": Facet("Number format", "dtype"),
    "base": Facet("Base model", "bases"),
    "owner": Facet("Owner", "namespace__name"),
}
_ARTIFACTS = {"unknown": "Not recognised", "task_vector": "Task vector"}

Counts = dict[str, list[tuple[str, int]]]


def facets_of(chosen: Mapping[str, Sequence[str]], rows: Callable[[str], QuerySet[Repo]]) -> list[dict[str, Any]]:
    """`rows(name)` are the repos with every filter but that of facet `name`; one query for all facets without a choice, one for each other."""
    free = [name for name in FACETS if name not in chosen]
    counts = _counts(rows(""), free) if free else {}
    for name in chosen:
        counts |= _counts(rows(name), [name])
    return [
        {
            "name": name,
            "label": facet.label,
            "values": [
                {
                    "value": value,
                    "label": _label(name, value),
                    "count": count,
                    "selected": value in chosen.get(name, ()),
                }
                for value, count in _shown(counts.get(name, []), chosen.get(name, ()))
            ],
        }
        for name, facet in FACETS.items()
    ]


def _counts(repos: QuerySet[Repo], names: Sequence[str]) -> Counts:
    """GROUPING SETS counts every column in one pass over the rows; an array column is unrolled in it first."""
    columns = [FACETS[name].column for name in names]
    try:
        inner, parameters = repos.order_by().values_list(*columns)[:ROWS_CAP].query.sql_with_params()
    except EmptyResultSet:
        return {}
    places = [f"c{place}" for place in range(len(names))]
    given = ", ".join(places)
    lateral = ""
    shown = list(places)
    if "base" in names:
        place = names.index("base")
        lateral = f" LEFT JOIN LATERAL unnest(found.c{place}) WITH ORDINALITY AS base(value, nth) ON true"
        shown[place] = "base.value"
    count = "count(*)"
    if "base" in names:
        # a repo with two bases stands in two rows: for the other facets only the first of them counts
        once = "count(*) FILTER (WHERE base.nth IS NULL OR base.nth = 1)"
        count = f"CASE WHEN GROUPING(base.value) = 0 THEN count(*) ELSE {once} END"
    sets = ", ".join(f"({column})" for column in shown)
    marks = ", ".join(f"GROUPING({column})" for column in shown)
    sql = f"SELECT {', '.join(shown)}, {marks}, {count} FROM ({inner}) AS found({given}){lateral} GROUP BY GROUPING SETS ({sets})"  # noqa: S608
    result: Counts = {name: [] for name in names}
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        for row in cursor.fetchall():
            place = row[len(names) : 2 * len(names)].index(0)
            if row[place] not in (None, ""):
                result[names[place]].append((row[place], row[-1]))
    return result


def _shown(counts: list[tuple[str, int]], chosen: Sequence[str]) -> list[tuple[str, int]]:
    """The most frequent, and every chosen one even when nothing is left of it."""
    ordered = sorted(counts, key=lambda entry: (-entry[1], entry[0]))
    known = dict(ordered)
    head = ordered[:MAX_VALUES]
    return head + [(value, known.get(value, 0)) for value in chosen if value not in dict(head)]


def _label(name: str, value: str) -> str:
    if name != "artifact":
        return value
    return _ARTIFACTS.get(value, value.capitalize())
