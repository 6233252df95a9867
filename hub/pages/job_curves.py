"""The live curves of a job: the loss with its terms, the validation loss, how long it still takes. From the metric events alone."""

from dataclasses import dataclass, field

from django.db.models import F, QuerySet, Window
from django.db.models.functions import Mod, RowNumber
from django.urls import reverse
from django.utils import timezone

from hub.jobs.models import Job, JobEvent
from hub.jobs.states import FINAL
from hub.pages.charts.curves import Curve, draw, draw_narrow, thinned
from hub.pages.charts.figure import Figure, Table
from hub.pages.charts.marks import series_glyph
from hub.pages.job_resume import last_checkpoint
from hub.pages.numbers import figure, thousands

MOST_POINTS = 6_000
MOST_TERMS = 6
VALIDATION, ETA, KEPT, RATE, SPEED = "validation_loss", "eta_s", "kept_step", "learning_rate", "examples_per_s"
_NO_CURVE = (ETA, KEPT, RATE, SPEED)
_NAMES = {"loss": "training loss"}


@dataclass(frozen=True)
class Curves:
    """`main` is the first metric that a job reports; `terms` are its parts, named `<main>/<term>`. `resumed` are first steps of later attempts.

    `best` is the metric `best <main>`: the best so far of a search. `kept` is the step whose weights are the result, or would be if the job had to end now; `rate` and `speed` are the last known.
    """

    main: Curve | None = None
    validation: Curve | None = None
    terms: tuple[Curve, ...] = ()
    resumed: list[float] = field(default_factory=list)
    left_s: float | None = None
    kept: float | None = None
    rate: float | None = None
    speed: float | None = None
    best: Curve | None = None


def curves_of(job: Job) -> Curves:
    """A resumed attempt overwrites the steps that it repeats. Of very many points every n-th is taken, always with the last."""
    points: dict[str, dict[float, float]] = {}
    first: dict[int, float] = {}
    last_eta: tuple[float, float] | None = None
    for attempt, data, at in _rows(job):
        name, step, value = str(data.get("name", "value")), float(data["step"]), float(data["value"])
        points.setdefault(name, {})[step] = value
        first.setdefault(attempt, step)
        # what an earlier attempt expected says nothing of this one
        if name == ETA and attempt == job.attempt:
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
        # overdue, so it was wrong: nothing is better than "any moment now" for minutes
        last_eta[0] - last_eta[1] if last_eta is not None and last_eta[0] > last_eta[1] else None,
        job.metrics.get(KEPT) or _last(points, KEPT), _last(points, RATE), _last(points, SPEED), curves.get(f"best {main}"),
    )  # fmt: skip


def _last(points: dict[str, dict[float, float]], name: str) -> float | None:
    return points[name][max(points[name])] if name in points else None


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
    name = _NAMES.get(curve.name, curve.name.replace("_", " "))
    others = [held for held in (curves.validation, curves.best) if held is not None]
    title, kept = _title(name, curve, curves.best), kept_of(job, curves)
    shown = Curve(name, curve.points)
    drawn = [
        draw_in(shown, title, "trial" if curves.best else "step", curves.resumed, others, kept)
        for draw_in in (draw, draw_narrow)
    ]
    words = [name, *(held.name.replace("_", " ") for held in others)]
    legend = [(series_glyph(number), word) for number, word in enumerate(words, start=1)] if others else []
    return Figure(title, _sentence(job, curves, curve), drawn, _table(shown, others, kept), legend, reverse("job-curve-csv", args=[job.number]))  # fmt: skip


def kept_of(job: Job, curves: Curves) -> float | None:
    """The step to mark: that whose weights are the result, or would be, where it is not simply the last one."""
    if curves.main is None or curves.kept is None or curves.kept >= curves.main.points[-1][0]:
        return None
    return curves.kept if job.state in FINAL or _keeps_best(job) else None


def _keeps_best(job: Job) -> bool:
    """Whether the best validated weights are kept: with early stopping alone. Else the last are the result."""
    return bool(job.recipe.get("early_stop"))


def terms_figure(job: Job, curves: Curves) -> Figure | None:
    """What the loss is made of, one line a term."""
    if len(curves.terms) < 2 or curves.main is None:
        return None
    named = [Curve(curve.name.partition("/")[2].replace("_", " "), curve.points) for curve in curves.terms]
    title = f"{len(named)} terms make the {curves.main.name}"
    ends = ", ".join(f"{curve.name} {figure(curve.points[-1][1])}" for curve in named)
    kept = kept_of(job, curves)
    drawn = [draw_in(named[0], title, "step", curves.resumed, named[1:], kept) for draw_in in (draw, draw_narrow)]
    legend = [(series_glyph(number), curve.name) for number, curve in enumerate(named, start=1)]
    return Figure(title, f"Each before its weight. Now: {ends}.", drawn, _table(named[0], named[1:], kept), legend)


def _title(name: str, curve: Curve, best: Curve | None) -> str:
    if best is not None:
        return f"The best {name} so far is {figure(best.points[-1][1])}"
    first, last = curve.points[0][1], curve.points[-1][1]
    if last == first:
        return f"{name.capitalize()} stayed level"
    return f"{name.capitalize()} {'fell' if last < first else 'rose'} to {figure(last)}"


def _sentence(job: Job, curves: Curves, curve: Curve) -> str:
    """How far it came, what a point is, what became of the validation loss, and which weights are kept."""
    (began, first), (ended, last) = curve.points[0], curve.points[-1]
    if curves.best is not None:
        return f"{thousands(round(ended))} trials. The first, the recipe as it stands, has {figure(first)}."
    steps = round(ended - began)
    over = "1 step" if steps == 1 else f"{thousands(steps)} steps"
    words = f"From {figure(first)} to {figure(last)} over {over}."
    if figure(first) == figure(last):
        words = f"{figure(last)} at the first step and after {over} more."
    each = round(curve.points[1][0] - began)
    if curve.name == "loss" and each > 1:
        words += f" Each point is the mean over {thousands(each)} steps."
    return " ".join([words, *_validated(job, curves.validation), *_kept_words(job, curves, ended)])


def _validated(job: Job, validation: Curve | None) -> list[str]:
    if validation is None:
        return []
    best_step, best = min(validation.points, key=lambda point: point[1])
    end = validation.points[-1][1]
    if end > best:
        after = f"was {figure(end)} at the end" if job.state in FINAL else f"is {figure(end)} now"
        words = f"The validation loss was lowest at step {thousands(round(best_step))}, {figure(best)}, and {after}."
        if job.state in FINAL or _keeps_best(job):
            return [words]
        return [words, "Without early stopping the last weights are the result, not those."]
    return [f"The validation loss is {figure(end)}, its lowest so far."]


def _kept_words(job: Job, curves: Curves, ended: float) -> list[str]:
    if curves.kept is None or job.state not in FINAL or KEPT not in job.metrics:
        return []
    if curves.kept >= ended:
        return ["The weights of the last step are the result."]
    words = f"The weights of step {thousands(round(curves.kept))} are the result"
    if broke := job.metrics.get("diverged_at_step"):
        return [f"{words}, the last good ones: at step {thousands(round(broke))} the loss became NaN or infinite."]
    return [f"{words}: those after them did no better on the validation data."]


def _table(curve: Curve, others: list[Curve], kept: float | None) -> Table:
    steps = [step for step, _ in thinned(curve.points, 40)]
    by_step = [dict(entry.points) for entry in (curve, *others)]
    extra = sorted({step for table in by_step[1:] for step in table} - set(steps))
    chosen = {*steps, *extra[:40], *([] if kept is None else [kept])}
    rows: list[list[object]] = [
        [f"{step:g}{' (kept)' if step == kept else ''}", *(f"{table[step]:.5g}" if step in table else "–" for table in by_step)]
        for step in sorted(chosen)
    ]  # fmt: skip
    names = [entry.name.replace("_", " ") for entry in (curve, *others)]
    apart = max(1, len(curve.points) // 40)
    return Table(["step", *names], rows, f"{names[0]}, {'every point' if apart == 1 else f'one point of {apart}'}")


def csv_table(job: Job, curves: Curves) -> Table | None:
    """Every curve in one table: a row for each step that any of them has. `kept` marks the step whose weights are the result."""
    held = [curve for curve in (curves.main, curves.validation, curves.best, *curves.terms) if curve is not None]
    if not held:
        return None
    tables = [dict(curve.points) for curve in held]
    kept = curves.kept if job.state in FINAL else kept_of(job, curves)
    steps = sorted({step for table in tables for step in table} | ({kept} if kept is not None else set()))
    rows: list[list[object]] = [[step, *(table.get(step, "") for table in tables)] for step in steps]
    if kept is None:
        return Table(["step", *(curve.name for curve in held)], rows)
    marked = [[*row, "kept" if row[0] == kept else ""] for row in rows]
    return Table(["step", *(curve.name for curve in held), "kept"], marked)


def now_of(job: Job, curves: Curves) -> list[tuple[str, str]]:
    """What a training that runs shows beside its curve."""
    rows = []
    if curves.rate is not None:
        rows.append(("Learning rate", f"{curves.rate:.3g}"))
    if curves.speed is not None:
        rows.append(("Examples a second", thousands(round(curves.speed))))
    if curves.kept is not None:
        last = last_checkpoint(job) or f"step {round(curves.kept)}"
        rows.append(("Last checkpoint", last))
        if _keeps_best(job):
            rows.append(("Best so far, kept", f"step {thousands(round(curves.kept))}"))
    return rows
