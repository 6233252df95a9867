"""Models by benchmarks of an evaluate recipe under way: what is known already, what would be measured, what else could be ticked."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.http import QueryDict

from hub.benchmarks.models import BenchmarkVersion
from hub.benchmarks.names import reference_parse
from hub.benchmarks.selectors import benchmarks_visible, versions_visible
from hub.catalog.models import LineageEdge, Repo
from hub.evals.models import Evaluation
from hub.pages.making.fitting import fitting, runs_of
from hub.pages.making.values import text_of
from hub.pages.measures import metric_of, score_words, task_word
from hub.pages.numbers import thousands
from hub.pages.words import plural

MOST_MODELS, MOST_COLUMNS, MOST_OFFERED = 24, 12, 12


@dataclass(frozen=True)
class MatrixRow:
    model: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Pick:
    """Something to tick: `value` goes into the recipe."""

    value: str
    word: str
    note: str


@dataclass(frozen=True)
class Matrix:
    """`rows` are the first of the models, `heads` the first of the data; an empty cell is a measurement to come."""

    sentence: str
    heads: tuple[str, ...]
    rows: tuple[MatrixRow, ...]
    models: tuple[Pick, ...]
    benchmarks: tuple[Pick, ...]

    @property
    def has_models(self) -> bool:
        return bool(self.rows)


def picked(data: QueryDict) -> QueryDict:
    """The form with what was ticked written into its lines, so that there is one place to read them from."""
    ticked = {"f-models": data.getlist("pick_model"), "f-data": data.getlist("pick_benchmark")}
    if not any(ticked.values()):
        return data
    full = data.copy()
    for name, values in ticked.items():
        lines = [line.strip() for line in data.get(name, "").splitlines() if line.strip()]
        full[name] = "\n".join(dict.fromkeys([*lines, *values]))
    return full


def matrix_of(document: Any, *, user: Any) -> Matrix:
    entries = document if isinstance(document, dict) else {}
    models = list(dict.fromkeys(text_of(name).strip() for name in _listed(entries.get("models"))))
    data = [entry if isinstance(entry, dict) else {} for entry in _listed(entries.get("data"))]
    repos = {repo.full_name: repo for repo in Repo.objects.visible_to(user, "read").filter(type="model", full_name__in=[_plain(name) for name in models])}  # fmt: skip
    keys = _meanings(data, user)
    known = _known(repos, user)
    rows = tuple(
        MatrixRow(name, tuple(_cell(known, repos.get(_plain(name)) if "@" not in name else None, key) for key in keys[:MOST_COLUMNS]))
        for name in models[:MOST_MODELS]
    )  # fmt: skip
    heads = tuple(_head(entry) for entry in data[:MOST_COLUMNS])
    return Matrix(_sentence(len(models), len(data), rows), heads, rows, _model_picks(repos, models, user), _benchmark_picks(repos, data, user))  # fmt: skip


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _plain(name: str) -> str:
    return name.partition("@")[0]


def _head(entry: dict[str, Any]) -> str:
    name = text_of(entry.get("benchmark") or entry.get("data"))
    split = text_of(entry.get("split") or "test")
    return name if entry.get("benchmark") or split == "test" else f"{name} {split}"


def _sentence(models: int, data: int, rows: Sequence[MatrixRow]) -> str:
    if not models or not data:
        return "Name at least one model and one benchmark or dataset."
    known = sum(bool(cell) for row in rows for cell in row.cells)
    words = f"{models} {plural(models, 'model', 'models')} × {data} = {thousands(models * data)} {plural(models * data, 'measurement', 'measurements')}"
    return f"{words}, {known} of them known already." if known else f"{words}, none of them known yet."


def _meanings(data: Sequence[dict[str, Any]], user: Any) -> list[tuple[str, str, str]]:
    """By entry: digest of the benchmark's definition, or data and split."""
    names = [(reference_parse(text_of(entry["benchmark"])) or ("", None)) if entry.get("benchmark") else ("", None) for entry in data]  # fmt: skip
    digests: dict[tuple[str, int | None], str] = {}
    for version in (
        versions_visible(user).filter(benchmark__name__in=[name for name, _ in names if name]).order_by("number")
    ):
        digests[version.benchmark.name, version.number] = version.digest
        digests[version.benchmark.name, None] = version.digest
    return [
        (digests.get(name, "none"), "", "") if entry.get("benchmark") else ("", _plain(text_of(entry.get("data"))), text_of(entry.get("split") or "test"))
        for entry, name in zip(data, names, strict=True)
    ]  # fmt: skip


def _known(repos: dict[str, Repo], user: Any) -> dict[tuple[Any, str, str, str], str]:
    """The newest number of each entry at its head, under its digest and under its data."""
    found: dict[tuple[Any, str, str, str], str] = {}
    rows = Evaluation.objects.visible_to(user).filter(repo__in=list(repos.values()), invalid="").order_by("created_at")
    heads = {repo.pk: repo.head for repo in repos.values()}
    for row in rows:
        if row.commit_oid == heads.get(row.repo_id):
            words = score_words((row.metrics.get(row.metric) or {}).get("value"), metric_of(row.metric))
            found[row.repo_id, row.definition_digest, "", ""] = words
            found[row.repo_id, "", row.data_name, row.split] = words
    return found


def _cell(known: dict[tuple[Any, str, str, str], str], repo: Repo | None, key: tuple[str, str, str]) -> str:
    return known.get((repo.pk, *key), "") if repo is not None else ""


def _model_picks(repos: dict[str, Repo], models: Sequence[str], user: Any) -> tuple[Pick, ...]:
    """Parents of what is named: beside them a number says what was gained."""
    taken = {_plain(name) for name in models}
    edges = LineageEdge.objects.filter(child__oid__in=[repo.head for repo in repos.values()], child__repo__in=list(repos.values()), parent_repo__in=Repo.objects.visible_to(user, "read").filter(type="model")).select_related("parent_repo", "child__repo")  # fmt: skip
    found: dict[str, Pick] = {}
    for edge in edges[: 4 * MOST_OFFERED]:
        name = edge.parent_repo.full_name
        if name not in taken:
            found.setdefault(name, Pick(name, name, f"parent of {edge.child.repo.name}"))
    return tuple(list(found.values())[:MOST_OFFERED])


def _benchmark_picks(repos: dict[str, Repo], data: Sequence[dict[str, Any]], user: Any) -> tuple[Pick, ...]:
    """Those that every named model can be measured on; of any task where none is named. Equal titles are told apart by name."""
    taken = {_plain(text_of(entry.get("benchmark"))) for entry in data}
    offered = [
        version
        for version in benchmarks_visible(user)[: 20 * MOST_OFFERED]
        if version.benchmark.name not in taken and not version.retired
    ]
    chosen = list(islice(fitting(offered, runs_of(repos.values(), user)), MOST_OFFERED))
    titles = Counter(version.benchmark.title.casefold() for version in chosen)
    return tuple(_benchmark_pick(version, titles[version.benchmark.title.casefold()] > 1) for version in chosen)


def _benchmark_pick(version: BenchmarkVersion, has_twin: bool) -> Pick:
    row = version.benchmark
    counted = f", {thousands(version.examples)} examples" if version.examples >= 0 else ""
    owner = f" of {row.namespace.name}" if row.namespace is not None else ", built in"
    note = f"{row.name}{owner} · " if has_twin else ""
    return Pick(row.name, row.title, f"{note}{task_word(version.task)}{counted}")
