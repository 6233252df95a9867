"""The frontier of a leaderboard: which entries are worth what they cost."""

from urllib.parse import urlencode

from hub.evals.filters import AXES
from hub.evals.leaderboards import Leaderboard, Row
from hub.pages.charts import frontier
from hub.pages.charts.figure import Figure, Table
from hub.pages.charts.marks import dot_glyph
from hub.pages.measures import range_of, score_words
from hub.pages.numbers import count_short, figure, size
from hub.pages.words import plural

MOST_DRAWN = 40
MOST_LISTED = 12
MOST_FRONT = 40
MOST_NAMED = 3
AXIS_WORDS = {"parameters": "parameters", "flops": "FLOPs per example", "latency": "milliseconds at batch 1, median", "size": "bytes"}  # fmt: skip


def cost_axis(found: Leaderboard, asked: str) -> str:
    """The asked one if anything has it, else the first that two entries have."""
    known = {axis: sum(row.costs.get(axis) is not None for row in found.rows) for axis in AXES}
    if known.get(asked):
        return asked
    return next((axis for axis in AXES if known[axis] > 1), "parameters")


def frontier_figure(found: Leaderboard, axis: str, *, came_from: str = "", csv_url: str = "") -> Figure | None:
    """None where fewer than two entries have both a score and this cost."""
    rows = [row for row in found.rows if not row.invalid and row.score is not None and row.costs.get(axis) is not None]
    if len(rows) < 2:
        return None
    front = list(found.front(axis)[:MOST_FRONT])
    others = sorted((row for row in rows if axis not in row.front), key=_order(found))[:MOST_DRAWN]
    drawn = [*front, *others]
    title = _title(found, front, len(rows))
    axes = frontier.Axes(
        AXIS_WORDS[axis].capitalize() if axis != "flops" else AXIS_WORDS[axis],
        _axis_label(found),
        lambda value: score_words(value, found.metric, unit=False).removesuffix(".0"),
        found.metric.higher_is_better,
        *range_of(found.metric),
    )
    spots = [_spot(level, axis, came_from) for level in _together(drawn, axis)]
    return Figure(
        title,
        _sentence(found, front, len(rows), len(drawn), axis),
        [frontier.draw(spots, axes, title), frontier.draw_narrow(spots, axes, title)],
        _table(found, drawn, axis),
        [
            (dot_glyph("child-mark"), "on the front"),
            (dot_glyph("open-mark"), "another costs no more and does as well or better"),
        ],
        csv_url,
    )


def _together(rows: list[Row], axis: str) -> list[list[Row]]:
    """Entries of equal cost and score lie on one spot."""
    found: dict[tuple[float | None, float | None], list[Row]] = {}
    for row in rows:
        found.setdefault((row.costs[axis], row.score), []).append(row)
    return list(found.values())


def _spot(level: list[Row], axis: str, came_from: str) -> frontier.Spot:
    row = level[0]
    is_here = any(row.name.lower() == came_from.lower() for row in level)
    return frontier.Spot(
        _names(level), row.costs[axis] or 1.0, row.score or 0.0, row.low, row.high, axis in row.front, is_here
    )


def _order(found: Leaderboard):
    sign = -1 if found.metric.higher_is_better else 1
    return lambda row: sign * (row.score or 0.0)


def _axis_label(found: Leaderboard) -> str:
    unit = {"share": ", %", "nats": ", nats", "bits": ", bits", "plain": ""}[found.metric.unit]
    return f"{found.metric.label}{unit}" + ("" if found.metric.higher_is_better else " (better is up)")


def _title(found: Leaderboard, front: list[Row], count: int) -> str:
    if len(_best(front)) == len(front):
        verb = "is" if len(front) == 1 else "are"
        return f"{_names(front)} {verb} both the cheapest and the best of {count}"
    return f"{len(front)} of {count} entries are worth their cost"


def _sentence(found: Leaderboard, front: list[Row], count: int, drawn: int, axis: str) -> str:
    ties, least = _best(front), front[0]
    best = ties[0]
    words = f"Nothing cheaper scores as well as those on the line. {_names(ties)} {plural(len(ties), 'is', 'are')} best with {score_words(best.score, found.metric)}"
    words += f" at {cost_shown(best, axis)}"
    if least not in ties:
        cheapest = [row for row in front if row.score == least.score]
        words += f"; {_names(cheapest)} {plural(len(cheapest), 'costs', 'cost')} least, {cost_shown(least, axis)}, for {score_words(least.score, found.metric)}"
    left = count - drawn
    more = (
        f" {left} {plural(left, 'entry', 'entries')} with lower scores {plural(left, 'is', 'are')} not drawn."
        if left
        else ""
    )
    return f"{words}. Bars are 95\u00a0% intervals.{more}"


def _best(front: list[Row]) -> list[Row]:
    """The last on the front, and those that are level with it: on the front an equal score costs the same."""
    return [row for row in front if row.score == front[-1].score]


def _names(rows: list[Row]) -> str:
    names = [row.repo.name for row in rows[:MOST_NAMED]]
    if len(rows) > MOST_NAMED:
        return f"{', '.join(names)} and {len(rows) - MOST_NAMED} more"
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def cost_shown(row: Row, axis: str) -> str:
    value = row.costs.get(axis)
    if value is None:
        return "–"
    if axis == "size":
        return size(value)
    if axis == "latency":
        return f"{figure(value)} ms"
    return f"{count_short(value)} {'FLOPs' if axis == 'flops' else 'parameters'}"


def front_lines(found: Leaderboard, axis: str) -> list[tuple[Row, str, str]]:
    """(row, cost, score) of the first entries on the front."""
    rows = found.front(axis)[:MOST_LISTED]
    return [(row, cost_shown(row, axis), score_words(row.score, found.metric)) for row in rows]


def _table(found: Leaderboard, rows: list[Row], axis: str) -> Table:
    return Table(
        ["Entry", AXES[axis], found.metric.label, "from", "to", "on the front"],
        [
            [
                row.name, cost_shown(row, axis), score_words(row.score, found.metric),
                score_words(row.low, found.metric, unit=False), score_words(row.high, found.metric, unit=False),
                "yes" if axis in row.front else "no",
            ]
            for row in sorted(rows, key=lambda row: row.costs[axis] or 0.0)
        ],
        f"{found.metric.label} against {AXIS_WORDS[axis]}",
    )  # fmt: skip


def axis_links(path: str, params: dict[str, str], chosen: str) -> list[tuple[str, str, bool]]:
    """(word, address, chosen) of each cost."""
    kept = {key: value for key, value in params.items() if key not in ("cost", "page")}
    return [
        (AXES[axis], f"{path}?{urlencode(kept | {'cost': axis})}#frontier", axis == chosen) for axis in AXES
    ]  # fmt: skip
