"""The live curves of a job: the loss with its terms, the validation loss, how long it still takes. From the metric events alone."""

from dataclasses import dataclass, field

from django.db.models import F, QuerySet, Window
from django.db.models.functions import Mod, RowNumber
from django.urls import reverse
from django.utils import timezone

from hub.jobs.models import Job, JobEvent
from hub.pages.charts.curves import Curve, draw, draw_narrow, thinned
from hub.pages.charts.figure import Figure, Table
from hub.pages.charts.marks import series_glyph
from hub.pages.numbers import figure, thousands

MOST_POINTS = 6_000
MOST_TERMS = 6
VALIDATION, ETA = "validation_loss", "eta_s"
_NO_CURVE = (ETA, "learning_rate")


@dataclass(frozen=True)
class Curves:
    """`main` is the first metric that a job reports; `terms` are its parts, named `<main>/<term>`. `resumed` are first steps of later attempts."""

    main: Curve | None = None
    validation: Curve | None = None
    terms: tuple[Curve, ...] = ()
    resumed: list[float] = field(default_factory=list)
    left_s: float | None = None


def curves_of(job: Job) -> Curves:
    """A resumed attempt overwrites the steps that it repeats. Of very many points every n-th is taken, always with the last."""
    points: dict[str, dict[float, float]] = {}
    first: dict[int, float] = {}
    last_eta: tuple[float, float] | None = None
    for attempt, data, at in _rows(job):
        name, step, value = str(data.get("name", "value")), float(data["step"]), float(data["value"])
        points.setdefault(name, {})[step] = value
        first.setdefault(attempt, step)
        if name == ETA:
            last_eta = value, (timezone.now() - at).total_seconds()
    names = [name for name in points if name not in _NO_CURVE]
    main = next((name for name in names if name != VALIDATION), None)
    if main is None:
        return Curves()
    curves = {name: Curve(name, sorted(points[name].items())) for name in names if len(points[name]) > 1}
    terms = tuple(curve for name, curve in curves.items() if name.startswith(f"{main}/"))
    return Curves(
        curves.get(main), curves.get(VALIDATION), terms[:MOST_TERMS],
        [step for _, step in sorted(first.items())[1:]] if job.attempt > 1 else [],
        max(0.0, last_eta[0] - last_eta[1]) if last_eta is not None else None,
    )  # fmt: skip


def _rows(job: Job) -> list[tuple[int, dict, object]]:
    events: QuerySet[JobEvent] = JobEvent.objects.filter(job=job, type="metric")
    count = events.count()
    if count > MOST_POINTS:
        pace = -(-count // MOST_POINTS)
        # names take turns in the rows, so each n-th is taken name by name
        numbered = events.annotate(place=Window(RowNumber(), partition_by=F("data__name"), order_by=F("pk").desc()))
        events = numbered.annotate(turn=Mod(F("place"), pace)).filter(turn=1 % pace)
    return list(events.order_by("pk").values_list("attempt", "data", "at"))


def figure_of(job: Job, curves: Curves) -> Figure | None:
    curve = curves.main
    if curve is None:
        return None
    name, last = curve.name.replace("_", " "), curve.points[-1][1]
    others = [curves.validation] if curves.validation is not None else []
    title = _title(name, curve)
    drawn = [draw_in(curve, title, "step", curves.resumed, others) for draw_in in (draw, draw_narrow)]
    legend = [(series_glyph(1), name), (series_glyph(2), "validation loss")] if others else []
    return Figure(title, _sentence(name, curve, curves.validation, last), drawn, _table(curve, others), legend, reverse("job-curve-csv", args=[job.number]))  # fmt: skip


def terms_figure(job: Job, curves: Curves) -> Figure | None:
    """What the loss is made of, one line a term."""
    if len(curves.terms) < 2 or curves.main is None:
        return None
    named = [Curve(curve.name.partition("/")[2].replace("_", " "), curve.points) for curve in curves.terms]
    title = f"{len(named)} terms make the {curves.main.name}"
    ends = ", ".join(f"{curve.name} {figure(curve.points[-1][1])}" for curve in named)
    drawn = [draw_in(named[0], title, "step", curves.resumed, named[1:]) for draw_in in (draw, draw_narrow)]
    legend = [(series_glyph(number), curve.name) for number, curve in enumerate(named, start=1)]
    return Figure(title, f"Each before its weight. Now: {ends}.", drawn, _table(named[0], named[1:]), legend)


def _title(name: str, curve: Curve) -> str:
    first, last = curve.points[0][1], curve.points[-1][1]
    if last == first:
        return f"{name.capitalize()} stayed level"
    return f"{name.capitalize()} {'fell' if last < first else 'rose'} to {figure(last)}"


def _sentence(name: str, curve: Curve, validation: Curve | None, last: float) -> str:
    steps = curve.points[-1][0] - curve.points[0][0]
    words = f"From {figure(curve.points[0][1])} to {figure(last)} over {thousands(round(steps))} steps."
    if validation is None:
        return words
    best_step, best = min(validation.points, key=lambda point: point[1])
    end = validation.points[-1][1]
    if end > best:
        return f"{words} The validation loss was lowest at step {thousands(round(best_step))}, {figure(best)}, and is {figure(end)} now."
    return f"{words} The validation loss is {figure(end)}, its lowest so far."


def _table(curve: Curve, others: list[Curve]) -> Table:
    steps = [step for step, _ in thinned(curve.points, 40)]
    by_step = [dict(entry.points) for entry in (curve, *others)]
    extra = sorted({step for table in by_step[1:] for step in table} - set(steps))
    rows: list[list[object]] = [
        [f"{step:g}", *(f"{table[step]:.5g}" if step in table else "–" for table in by_step)]
        for step in sorted({*steps, *extra[:40]})
    ]
    names = [entry.name.replace("_", " ") for entry in (curve, *others)]
    return Table(["step", *names], rows, f"{names[0]}, every {max(1, len(curve.points) // 40)}th point")


def csv_table(curves: Curves) -> Table | None:
    """Every curve in one table: a row for each step that any of them has."""
    held = [curve for curve in (curves.main, curves.validation, *curves.terms) if curve is not None]
    if not held:
        return None
    tables = [dict(curve.points) for curve in held]
    rows: list[list[object]] = [[step, *(table.get(step, "") for table in tables)] for step in sorted({step for table in tables for step in table})]  # fmt: skip
    return Table(["step", *(curve.name for curve in held)], rows)
