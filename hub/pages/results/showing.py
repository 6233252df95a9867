"""One measurement as its page shows it: what was measured, in which numbers, at which cost, and beside whom it may be put."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html

from hub.benchmarks.selectors import by_name, versions_visible
from hub.catalog.models import LineageEdge
from hub.evals.models import Evaluation
from hub.jobs.models import Job
from hub.pages.entry import Opened
from hub.pages.measures import interval_words, metric_of, score_words, task_word
from hub.pages.numbers import count_short, figure, seconds, size, thousands
from hub.pages.templatetags.parts import repo_url
from workers.contracts.tasks import Metric, task_get

MOST_OTHERS = 40


@dataclass(frozen=True)
class MetricRow:
    metric: Metric
    value: str
    interval: str
    is_first: bool


@dataclass(frozen=True)
class Other:
    """Another measurement by the same definition. `role` is parent, base or child, empty for an entry that is no relative."""

    evaluation: Evaluation
    role: str
    value: str
    interval: str
    url: str


def metric_rows(evaluation: Evaluation) -> list[MetricRow]:
    """The one it is ranked by first, then in the order of the task."""
    task = task_get(evaluation.task)
    order = [evaluation.metric, *(task.metrics if task is not None else ())]
    names = sorted(evaluation.metrics, key=lambda name: order.index(name) if name in order else len(order))
    rows = []
    for name in names:
        found = evaluation.metrics[name]
        if not isinstance(found, dict):
            continue
        metric = metric_of(name)
        rows.append(
            MetricRow(metric, score_words(found.get("value"), metric), interval_words(found.get("low"), found.get("high"), metric), name == evaluation.metric)
        )  # fmt: skip
    return rows


def benchmark_of(evaluation: Evaluation, *, user: Any) -> Any:
    """The visible version by which this definition is called."""
    if not evaluation.definition_digest:
        return None
    return by_name(versions_visible(user).filter(digest=evaluation.definition_digest)).first()


def label_of(evaluation: Evaluation, *, user: Any) -> dict[str, Any]:
    version = benchmark_of(evaluation, user=user)
    definition = evaluation.definition or {}
    job = Job.objects.visible_to(user).filter(pk=evaluation.job_id).first() if user.is_authenticated else None
    benchmark = format_html('<a href="{}?version={}">{}</a> v{}', reverse("benchmark", args=[version.benchmark.name]), version.number, version.benchmark.name, version.number) if version else ""  # fmt: skip
    rows = [
        ("Benchmark", benchmark),
        ("Data", format_html('<a href="{}">{}</a>', repo_url(evaluation.data_name, "dataset"), evaluation.data_name) if evaluation.data_repo_id else evaluation.data_name),
        ("At commit", evaluation.data_commit[:7]),
        ("Split", evaluation.split),
        ("Task", task_word(evaluation.task)),
        ("Examples", thousands(evaluation.examples)),
        ("Classes", len(definition.get("labels") or ()) or ""),
        ("Protocol", definition.get("protocol", "")),
        ("Weights", format_html('<span class="mono">{}</span>', evaluation.commit_oid[:7])),
        ("Definition", format_html('<span class="mono">{}</span>', evaluation.definition_digest[:12]) if evaluation.definition_digest else ""),
        ("Run", f"repeat {evaluation.repeat + 1}" if evaluation.repeat else ""),
        ("Measured by", format_html('<a href="{}">job {}</a>', reverse("job", args=[job.number]), job.number) if job else ""),
        ("On", f"{evaluation.created_at:%-d %b %Y}"),
    ]  # fmt: skip
    return {
        "title": "Measurement",
        "accession": str(evaluation.pk)[:8],
        "rows": [(key, value) for key, value in rows if value != ""],
    }


def cost_receipt(evaluation: Evaluation) -> dict[str, Any] | None:
    """What one answer costs, measured beside the accuracy; None on measurements from before that was taken."""
    cost = evaluation.cost or {}
    latency = cost.get("latency_ms") or {}
    lines = [
        ("Parameters", thousands(cost["parameters"])) if cost.get("parameters") else None,
        ("Operations per example", f"{count_short(cost['flops'])}FLOPs".replace("\u00a0", "\u00a0")) if cost.get("flops") else None,
        ("Latency, one example, median", seconds_short(latency["p50"])) if latency.get("p50") is not None else None,
        ("Latency, 9 of 10 below", seconds_short(latency["p90"])) if latency.get("p90") is not None else None,
        ("Latency, 99 of 100 below", seconds_short(latency["p99"])) if latency.get("p99") is not None else None,
        ("Throughput", f"{figure(float(format(cost['examples_per_s'], '.3g')))} examples/s") if cost.get("examples_per_s") else None,
        ("Peak memory", size(cost["peak_memory_bytes"])) if cost.get("peak_memory_bytes") else None,
        ("Files", size(cost["size_bytes"])) if cost.get("size_bytes") else None,
    ]  # fmt: skip
    shown = [line for line in lines if line is not None]
    if not shown:
        return None
    device = cost.get("device")
    return {
        "lines": shown,
        "total": None,
        "note": f"Timed on {device.upper() if len(device) < 5 else device}. Times differ from machine to machine."
        if device
        else "",
    }


def seconds_short(milliseconds: float) -> str:
    return f"{figure(float(f'{milliseconds:.3g}'))}\u00a0ms" if milliseconds < 1000 else seconds(milliseconds / 1000)


def others_of(opened: Opened, evaluation: Evaluation, *, user: Any) -> list[Other]:
    """Measurements of other entries by the same definition: relatives first, then the best."""
    rows = Evaluation.objects.visible_to(user).filter(
        definition_digest=evaluation.definition_digest, data_name=evaluation.data_name, data_commit=evaluation.data_commit, split=evaluation.split, invalid="",
    ).exclude(Q(repo=evaluation.repo) | Q(predictions=None)).select_related("repo").order_by("-created_at")  # fmt: skip
    newest: dict[Any, Evaluation] = {}
    for row in rows[: 20 * MOST_OTHERS]:
        newest.setdefault(row.repo_id, row)
    roles = _roles(opened)
    metric = metric_of(evaluation.metric)
    order = {"parent": 0, "base": 1, "child": 2, "": 3}
    found = [_other(opened, evaluation, row, roles.get(row.repo_id, ""), metric) for row in newest.values()]
    sign = -1 if metric.higher_is_better else 1
    found.sort(key=lambda other: (order[other.role], sign * (_value(other.evaluation, evaluation.metric) or 0.0)))
    return found[:MOST_OTHERS]


def _roles(opened: Opened) -> dict[Any, str]:
    roles = {key: "child" for key in LineageEdge.objects.filter(parent_repo=opened.repo).values_list("child__repo_id", flat=True)[:1000]}  # fmt: skip
    for repo_id, relation in LineageEdge.objects.filter(child=opened.commit).values_list("parent_repo_id", "relation"):
        roles[repo_id] = "base" if relation == "base" else "parent"
    return roles


def _other(opened: Opened, evaluation: Evaluation, row: Evaluation, role: str, metric: Metric) -> Other:
    found = row.metrics.get(metric.name) or {}
    namespace, _, name = opened.repo.full_name.partition("/")
    url = reverse("repo-measurement-against", args=[namespace, name, evaluation.pk, row.pk])
    return Other(row, role, score_words(found.get("value"), metric), interval_words(found.get("low"), found.get("high"), metric), url)  # fmt: skip


def _value(evaluation: Evaluation, metric: str) -> float | None:
    found = evaluation.metrics.get(metric)
    return found.get("value") if isinstance(found, dict) else None


def class_names(opened: Opened, evaluation: Evaluation) -> list[str]:
    """In the order of the numbers in the answers; the model may have another, which says nothing here."""
    return list(evaluation.labels or (evaluation.definition or {}).get("labels") or ())


def class_word(names: list[str], code: int | None) -> str:
    if code is None:
        return "–"
    return names[code] if 0 <= code < len(names) else str(code)
