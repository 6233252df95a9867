"""What an evaluate job has measured so far: models by datasets, each number as soon as it is there."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from hub.evals.models import Evaluation
from hub.jobs.models import Job, JobEvent
from hub.pages.job_models import Called, called
from hub.pages.measured import domain_words
from hub.pages.measures import metric_of, score_words
from workers.contracts.tasks import METRICS, Metric, task_get

MOST_CELLS = 2_000


@dataclass(frozen=True)
class Cell:
    """`url` leads to the measurement once it is published. `label` is the word of its column. `is_left_out`: it could not be measured."""

    text: str
    is_best: bool = False
    url: str = ""
    value: float | None = None
    label: str = ""
    is_left_out: bool = False


@dataclass(frozen=True)
class Row:
    model: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class LeftOut:
    """A model that could not be measured on `data`, and why."""

    model: str
    data: str
    reason: str


@dataclass(frozen=True)
class Matrix:
    heads: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    done: int
    total: int
    is_final: bool
    left_out: tuple["LeftOut", ...] = ()

    @property
    def title(self) -> str:
        if self.done < self.total:
            return f"{self.done} of {self.total} measured"
        return "One measurement" if self.total == 1 else f"All {self.total} measured"


def matrix_of(job: Job, user: Any) -> Matrix | None:
    """None for other kinds, and as long as nothing was measured."""
    if job.kind != "evaluate":
        return None
    asked = job.request.get("recipe") or job.recipe
    names = called(job)
    models, data = names.words, [_data_name(entry) for entry in asked.get("data") or ()]
    notes = _notes(job)
    found = _published(job, user, names) or _partial(notes, names)
    left_out = _left_out(notes, names)
    if not (found or left_out) or not models or len(models) * len(data) > MOST_CELLS:
        return None
    keys = list(dict.fromkeys([*(key for key in found)]))
    columns = _columns(data, keys)
    words = domain_words([name for name, _ in columns]) if columns else []
    named_as = _benchmarks(job.recipe.get("data"), data)
    heads = tuple(
        (named_as.get(name, word), metric_of(metric).label) for word, (name, metric) in zip(words, columns, strict=True)
    )
    named = list(dict.fromkeys([*models, *(model for model, _, _ in keys)]))
    rows = [[found.get((model, name, metric)) for name, metric in columns] for model in named]
    best = [_best([row[place] for row in rows], metric_of(metric)) for place, (_, metric) in enumerate(columns)]
    missing = {(left.model, left.data) for left in left_out}
    shown = tuple(
        Row(
            model,
            tuple(
                _cell(
                    cell,
                    metric_of(columns[place][1]),
                    best[place],
                    heads[place][0],
                    (model, columns[place][0]) in missing,
                )
                for place, cell in enumerate(row)
            ),
        )
        for model, row in zip(named, rows, strict=True)
    )
    total = max(len(found), len(models) * len(data))
    return Matrix(heads, shown, len(found), total, bool(job.finished_at), left_out)


def _benchmarks(asked: Any, data: list[str]) -> dict[str, str]:
    """The data of a benchmark → the name by which the recipe asked for it."""
    entries = asked if isinstance(asked, list) else []
    return {name: str(entry["benchmark"]) for entry, name in zip(entries, data, strict=False) if isinstance(entry, dict) and entry.get("benchmark")}  # fmt: skip


def _plain(reference: str) -> str:
    return reference.partition("@")[0]


def _data_name(entry: Any) -> str:
    return _plain(str(entry.get("data") or entry.get("benchmark") or "")) if isinstance(entry, dict) else str(entry)


Found = dict[tuple[str, str, str], tuple[float | None, str]]


def _columns(data: list[str], keys: list[tuple[str, str, str]]) -> list[tuple[str, str]]:
    """Datasets in the order of the recipe with the metric they were measured in; those that nothing is known of yet, last metric seen."""
    seen = {name: metric for _, name, metric in keys}
    fallback = next(iter(seen.values()), "accuracy")
    return [(name, seen.get(name, fallback)) for name in dict.fromkeys([*data, *seen])]


def _notes(job: Job) -> list[dict[str, Any]]:
    """What the worker leaves with each unit; a resumed attempt does not measure again."""
    events = JobEvent.objects.filter(job=job, type="checkpoint").order_by("pk").values_list("data", flat=True)
    notes = [data.get("data") or {} for data in events[:MOST_CELLS]]
    return [note for note in notes if isinstance(note.get("model"), str) and isinstance(note.get("data"), str)]


def _partial(notes: list[dict[str, Any]], names: Called) -> Found:
    found: Found = {}
    for note in notes:
        metric = _first_metric(note)
        if metric is not None:
            value = note.get(metric)
            found[_word(note, names), _plain(note["data"]), metric] = (
                float(value) if isinstance(value, int | float) else None,
                "",
            )
    return found


def _left_out(notes: list[dict[str, Any]], names: Called) -> tuple[LeftOut, ...]:
    """By model and data: of several attempts and repeats the last one counts, also where it measured after all."""
    last = {(_word(note, names), _plain(note["data"])): note for note in notes}
    return tuple(LeftOut(model, data, str(note["left_out"])) for (model, data), note in last.items() if note.get("left_out"))  # fmt: skip


def _word(note: dict[str, Any], names: Called) -> str:
    return names.by_reference.get(note["model"], _plain(note["model"]))


def _first_metric(note: dict[str, Any]) -> str | None:
    task = task_get(str(note.get("task") or ""))
    names = task.metrics if task is not None else tuple(metric.name for metric in METRICS)
    return next((name for name in names if name in note), None)


def _published(job: Job, user: Any, names: Called) -> Found:
    found: Found = {}
    for row in Evaluation.objects.visible_to(user).filter(job=job, repeat=0).select_related("repo").order_by("created_at")[:MOST_CELLS]:  # fmt: skip
        namespace, _, name = row.repo.full_name.partition("/")
        value = (row.metrics.get(row.metric) or {}).get("value")
        for word in names.of(row):
            found[word, row.data_name, row.metric] = (value, reverse("repo-measurement", args=[namespace, name, row.pk]))  # fmt: skip
    return found


def _best(cells: list[tuple[float | None, str] | None], metric: Metric) -> float | None:
    values = [cell[0] for cell in cells if cell is not None and cell[0] is not None]
    return (max if metric.higher_is_better else min)(values) if len(values) > 1 else None


def _cell(
    cell: tuple[float | None, str] | None, metric: Metric, best: float | None, label: str, is_left_out: bool
) -> Cell:
    if cell is None:
        return Cell("", label=label, is_left_out=is_left_out)
    return Cell(score_words(cell[0], metric), cell[0] is not None and cell[0] == best, cell[1], cell[0], label)
