"""Benchmarks that every hub has, over data that every worker has. Made and kept up to date after each migration."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from hub.benchmarks.data import builtin_data
from hub.benchmarks.definitions import definition_of
from hub.benchmarks.models import Benchmark, BenchmarkVersion
from hub.benchmarks.services import version_add
from workers.contracts.naming import BUILTIN_DATA
from workers.contracts.recipes import Measure
from workers.contracts.tasks import task_get


@dataclass(frozen=True)
class Builtin:
    name: str
    title: str
    summary: str
    data: str
    task: str


BUILTINS: tuple[Builtin, ...] = (
    Builtin("digits", "Digits", "Handwritten digits of 8 × 8 pixels, from scikit-learn.", "builtin:digits", "image-classification"),
    Builtin("breast-cancer", "Breast cancer", "Tumours, benign or malignant, by 30 measurements. From scikit-learn.", "builtin:breast-cancer", "tabular-classification"),
    Builtin("wine", "Wine", "Three growers of wine, told apart by 13 measurements. From scikit-learn.", "builtin:wine", "tabular-classification"),
    Builtin("iris", "Iris", "Three kinds of iris by the size of their leaves. From scikit-learn.", "builtin:iris", "tabular-classification"),
    Builtin("diabetes", "Diabetes", "How a disease goes on within a year, from 10 measurements. From scikit-learn.", "builtin:diabetes", "tabular-regression"),
    Builtin("python-text", "Python text", "Left to right through the documentation of Python's standard library.", "builtin:python-text", "causal-lm"),
    Builtin("python-text-masked", "Python text, masked", "Words left out of the documentation of Python's standard library.", "builtin:python-text", "masked-lm"),
    Builtin("python-modules", "Python modules", "Which package of Python's standard library a piece of documentation comes from.", "builtin:python-modules", "text-classification"),
)  # fmt: skip


def builtins_sync(rows: Iterable[Builtin] = BUILTINS) -> None:
    """A row each, and a new version where the way to measure has changed. Changes nothing when all is there."""
    rows = [row for row in rows if row.data in BUILTIN_DATA]
    newest: dict[str, str] = {}
    for name, digest in BenchmarkVersion.objects.filter(
        benchmark__name__in=[row.name for row in rows], benchmark__namespace=None
    ).order_by("number").values_list("benchmark__name", "digest"):  # fmt: skip
        newest[name] = digest
    for row in rows:
        _sync(row, newest.get(row.name, ""))


def _sync(row: Builtin, newest: str) -> None:
    task = task_get(row.task)
    if task is None:
        raise LookupError(row.task)
    data = builtin_data(row.data)
    definition = definition_of(Measure(data=row.data, split="test"), task=task, data=row.data, facts=data.facts)
    if definition.digest == newest:
        return
    with transaction.atomic():
        made, _ = Benchmark.objects.get_or_create(name=row.name, defaults={"title": row.title, "summary": row.summary})
        # Somebody's own benchmark may have had the name before the program took it: theirs stays.
        held = Benchmark.objects.select_for_update().get(pk=made.pk)
        if held.namespace_id is None and not held.versions.filter(digest=definition.digest).exists():
            version_add(held, held.versions.count() + 1, definition, data)
