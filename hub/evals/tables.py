"""Leaderboards as CSV: one row per entry, numbers unrounded."""

import csv
import io

from hub.evals.filters import AXES
from hub.evals.leaderboards import Leaderboard, Row

HEAD = (
    "rank_low", "rank_high", "model", "commit", "score", "low", "high", "examples", *AXES, "on_front_of", "licence", "artifact",
    "parents", "invalid", "measured_at",
)  # fmt: skip
# SECURITY: spreadsheets run what begins like this.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def board_csv(board: Leaderboard) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([*HEAD[:4], board.metric.name, *HEAD[5:]])
    for row in board.rows:
        writer.writerow([_cell(value) for value in _values(row)])
    return buffer.getvalue()


def _values(row: Row) -> tuple[object, ...]:
    return (
        *(row.rank or ("", "")), row.name, row.evaluation.commit_oid, row.score, row.low, row.high, row.n,
        *(row.costs[axis] for axis in AXES), " ".join(sorted(row.front)), row.repo.licence, row.repo.artifact,
        " ".join(row.parents), row.invalid, row.measured_at.isoformat(timespec="seconds"),
    )  # fmt: skip


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text
