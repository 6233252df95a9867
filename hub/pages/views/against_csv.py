"""The tables of two measurements side by side, as CSV: the matrix of flips with its rates, metrics, classes, slices."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from hub.core.errors import NotFound
from hub.evals.pair import Cut, Pair
from hub.evals.pairs import pair_kept, pair_of
from hub.pages.charts.figure import Table
from hub.pages.entry import entry_open
from hub.pages.views.against import MOST_AT_ONCE, rival_get
from hub.pages.views.evaluations import csv_response
from hub.pages.views.measurement import measurement_get
from workers.statistics.interval import Interval

RATES = ("nfr", "pfr", "btc", "bec", "inc", "oracle", "headroom")


@require_safe
def as_csv(request: HttpRequest, namespace: str, name: str, ident: str, other: str, what: str) -> HttpResponse:
    """Worked out here where there are few answers, as on the page that links here; else of what a worker has left.

    Raises:
        NotFound: there is no such table; or no worker has come to it yet.
        Invalid: the two cannot be put side by side.
    """
    opened = entry_open(request, namespace, name)
    evaluation = measurement_get(opened, ident, user=request.user)
    rival = rival_get(other, user=request.user)
    pair = pair_kept(evaluation, rival)
    if pair is None and evaluation.examples <= MOST_AT_ONCE:
        pair = pair_of(evaluation, rival)
    table = table_of(pair, what) if pair is not None else None
    if table is None:
        raise NotFound(
            "There is no such table for these two measurements, or a worker still goes through their answers."
        )
    return csv_response(f"{opened.repo.name}-against-{what}", table)


def table_of(pair: Pair, what: str) -> Table | None:
    if what == "flips" and pair.flips is not None:
        return _flips(pair)
    if what == "metrics":
        rows = [[row.name, row.first, row.second, *_ends(row.difference), row.p_value] for row in pair.metrics]
        return Table(["metric", "first", "second", "difference", "low", "high", "p"], _plain(rows))
    cuts = {"classes": pair.classes, "slices": pair.slices}.get(what)
    return _cuts(cuts) if cuts else None


def _flips(pair: Pair) -> Table:
    """`count` is in examples, the rates are shares with their 95 % interval."""
    flips = pair.flips
    assert flips is not None  # noqa: S101  asked by the caller
    rows: list[list[object]] = [[name, getattr(flips, name), None, None] for name in ("both_right", "gained", "lost", "both_wrong", "changed_wrong")]  # fmt: skip
    rows += [[name, *_ends(getattr(flips, name))] for name in RATES]
    rows += [["mcnemar_exact_p", pair.mcnemar_exact, None, None], ["mcnemar_mid_p", pair.mcnemar_mid_p, None, None]]
    return Table(["of the first against the second", "value", "low", "high"], _plain(rows))


def _cuts(cuts: tuple[Cut, ...]) -> Table:
    rows = [
        [cut.column, cut.value, cut.n, cut.first, cut.second, *_ends(cut.difference), cut.p_value, cut.p_adjusted, cut.gained, cut.lost]
        for cut in cuts
    ]  # fmt: skip
    head = ["column", "value", "examples", "first", "second", "difference", "low", "high", "p", "p, Holm", "gained", "lost"]  # fmt: skip
    return Table(head, _plain(rows))


def _ends(found: Interval | None) -> list[object]:
    return [None, None, None] if found is None else [found.value, found.low, found.high]


def _plain(rows: list[list[object]]) -> list[list[object]]:
    """What is undefined stays empty."""
    return [["" if cell is None else cell for cell in row] for row in rows]
