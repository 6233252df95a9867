"""One leaderboard as its page shows it: rows with places and strips, the sentence that says which places cannot be told apart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString

from hub.evals.leaderboards import Leaderboard, Row
from hub.pages.charts.marks import dot_glyph, legend_glyph
from hub.pages.charts.ruled import ruler, strip
from hub.pages.charts.scales import Scale, scale_for
from hub.pages.measures import difference_words, interval_words, range_of, score_words
from hub.pages.numbers import count_short, size, thousands
from hub.pages.words import plural
from workers.contracts.tasks import Metric

STRIP_WIDTH = 240.0
MOST_PARENTS = 2


@dataclass(frozen=True)
class BoardRow:
    """`role`: child is the entry that the reader came from, parent one that it was made of, other anything else.

    `shared` says with whom it is level, empty where with nobody.
    """

    row: Row
    rank: str
    role: str
    made_of: str
    score: str
    interval: str
    cost: dict[str, str]
    strip: SafeString | None
    shared: str = ""


@dataclass(frozen=True)
class Board:
    rows: list[BoardRow]
    ruler: SafeString | None
    ruler_ends: tuple[str, str] | None
    headline: str
    noise: str
    legend: list[tuple[SafeString, str]] = field(default_factory=list)


def board_of(found: Leaderboard, rows: list[Row], *, came_from: str = "") -> Board:
    """`rows` are those of this page; the strips share one scale over the whole board, so that pages compare."""
    metric = found.metric
    scale = _scale(found)
    here = next((row for row in found.rows if row.name.lower() == came_from.lower()), None)
    parents = frozenset(here.parents) if here is not None else frozenset()
    level = _level(found.rows)
    shown = [_row(row, metric, scale, _role(row, here, parents), shared_words(row, level)) for row in rows]
    ends = (_tick(scale.low, metric, unit=False), _tick(scale.high, metric, unit=True)) if scale else None
    return Board(
        shown,
        ruler(scale, STRIP_WIDTH) if scale else None,
        ends,
        headline(found),
        noise_words(found),
        _legend({row.role for row in shown}),
    )


def _legend(roles: set[str]) -> list[tuple[SafeString, str]]:
    words = (
        ("child", legend_glyph("child"), "the entry you came from"),
        ("parent", legend_glyph("parent"), "what it was made of"),
        ("other", dot_glyph("parent-mark"), "other entries" if len(roles) > 1 else "entries"),
    )
    return [(glyph, word) for role, glyph, word in words if role in roles]


def _tick(value: float, metric: Metric, *, unit: bool) -> str:
    if metric.unit != "share":
        return score_words(value, metric, unit=unit)
    return score_words(value, metric, unit=unit).replace(".0", "")


def _scale(found: Leaderboard) -> Scale | None:
    values = [
        value for row in found.rows if not row.invalid for value in (row.score, row.low, row.high) if value is not None
    ]
    lowest, highest = range_of(found.metric)
    return scale_for(values, 4.0, STRIP_WIDTH - 4.0, ticks=7, lowest=lowest, highest=highest) if values else None


def _role(row: Row, here: Row | None, parents: frozenset[str]) -> str:
    if here is not None and row.repo.pk == here.repo.pk:
        return "child"
    return "parent" if row.name in parents else "other"


def _level(rows: Iterable[Row]) -> dict[tuple[float | None, tuple[int, int] | None], list[str]]:
    """Public entries by score and place: private ones have places of their own."""
    found: dict[tuple[float | None, tuple[int, int] | None], list[str]] = {}
    for row in rows:
        if not row.invalid and row.score is not None and row.repo.visibility == "public":
            found.setdefault((row.score, row.rank), []).append(row.name)
    return found


def shared_words(row: Row, level: Mapping[tuple[float | None, tuple[int, int] | None], list[str]]) -> str:
    """`shares place 1 with lab/other`, where scores are equal to the last digit."""
    others = [name for name in level.get((row.score, row.rank), ()) if name != row.name]
    if not others or row.invalid or row.repo.visibility != "public":
        return ""
    names = ", ".join(others[:MOST_PARENTS]) + (f" and {len(others) - MOST_PARENTS} more" if len(others) > MOST_PARENTS else "")  # fmt: skip
    if row.rank is not None and row.rank[0] == row.rank[1]:
        return f"shares place {row.rank[0]} with {names}"
    return f"same score as {names}"


def _row(row: Row, metric: Metric, scale: Scale | None, role: str, shared: str = "") -> BoardRow:
    words, interval = score_words(row.score, metric), interval_words(row.low, row.high, metric)
    has_strip = scale is not None and row.score is not None and not row.invalid
    title = f"{row.name}: {words}" + (f", {interval}" if interval else "")
    return BoardRow(
        row,
        rank_words(row.rank),
        role,
        _made_of(row),
        words,
        interval,
        cost_words(row.costs),
        strip(scale, role, row.score, row.low, row.high, title, STRIP_WIDTH) if has_strip else None,
        shared,
    )


def rank_words(rank: tuple[int, int] | None) -> str:
    """1, or 2–3; a dash for what has no place."""
    if rank is None:
        return "–"
    low, high = rank
    return f"{low}" if low == high else f"{low}–{high}"


def _made_of(row: Row) -> str:
    names = [name.rpartition("/")[2] for name in row.parents[:MOST_PARENTS]]
    more = len(row.parents) - len(names)
    words = ", ".join(names) + (f" and {more} more" if more > 0 else "")
    return f"made of {words}" if words else "parent of an entry here" if row.is_parent else ""


def cost_words(costs: dict[str, float | None]) -> dict[str, str]:
    def shown(axis: str, write: Any) -> str:
        value = costs.get(axis)
        return write(value) if value is not None else "–"

    return {
        "parameters": shown("parameters", lambda value: thousands(round(value))),
        "flops": shown("flops", count_short),
        "latency": shown("latency", lambda value: f"{value:.3g}"),
        "size": shown("size", size),
    }


def headline(found: Leaderboard) -> str:
    """Which places are clear and which are not, from the intervals of the ranks. Private entries have places of their own: they are

    placed as if they alone were public, so they are not counted here.
    """
    rows = [row for row in found.rows if not row.invalid and row.score is not None]
    ranked = [row.rank for row in rows if row.rank is not None and row.repo.visibility == "public"]
    if not rows:
        return "No entry fits." if found.total else "Nothing has been measured with this version yet."
    if len(rows) == 1:
        return "One entry so far: nothing to compare it with."
    if len(ranked) < 2:
        return f"{len(rows)} entries, places not worked out yet."
    first = sum(low == 1 for low, _ in ranked)
    together = first > 1 and all(high == 1 for low, high in ranked if low == 1)
    lead = {0: f"{len(rows)} of {found.total} entries, without those that lead", 1: "One clear winner"}.get(
        first, f"{first} entries {'share' if together else 'may hold'} the first place"
    )
    shared = [rank for rank in ranked if rank[0] != rank[1] and rank[0] > 1]
    if not shared:
        return f"{lead}; every other place is clear." if len(ranked) > first else f"{lead}."
    low, high = min(rank[0] for rank in shared), max(rank[1] for rank in shared)
    return f"{lead}; places {low} to {high} overlap with their neighbours."


def noise_words(found: Leaderboard) -> str:
    """The noise floor, where something was run twice."""
    if found.noise is None:
        return ""
    models = found.noise.models
    if found.noise.is_identical:
        return f"repeats are identical (deterministic): {found.noise.runs} runs of {models} {plural(models, 'model', 'models')}"
    words = difference_words(found.noise.difference, found.metric).lstrip("+")
    return f"noise floor ±{words}, from {found.noise.runs} runs of {models} {plural(models, 'model', 'models')}"


def what_words(found: Leaderboard, task: str) -> str:
    """What the number is, and what a place means."""
    count = found.version.examples
    examples = f"{thousands(count)} examples" if count >= 0 else "the examples"
    better = "" if found.metric.higher_is_better else ", lower is better"
    return (
        f"{found.metric.label}{better}, {task.lower()} on {examples} of {found.definition.split}. "
        "A place is an interval: those that an entry holds in 95 of 100 resamples of the examples, the same ones for all."
    )
