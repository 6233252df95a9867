"""What stopped a measurement, kept with the benchmark where its data is the reason: the next one need not run into it to know."""

from typing import Any

from django.utils import timezone

from hub.benchmarks.models import BenchmarkVersion
from hub.catalog.json_safe import json_safe
from hub.jobs.models import Job

# Findings of the child about the data itself. Those about models stand at `models`.
_CODES = ("data_", "picture_", "label_", "column_", "split_", "harness_")
MOST = 5


def trouble_note(*, job: Job) -> None:
    """Called when a job failed by somebody's fault. Versions that were measured before keep what they are: then it was not the data."""
    findings = [
        found for found in (job.error or {}).get("findings") or ()
        if found.get("stage") == "run" and str(found.get("where", "")).startswith("data") and str(found.get("code", "")).startswith(_CODES)
    ]  # fmt: skip
    measures = ((job.request or {}).get("recipe") or job.recipe).get("data") or ()
    named = [measure for measure in measures if isinstance(measure, dict) and measure.get("benchmark")]
    for measure in named:
        mine = [found for found in findings if len(measures) == 1 or _is_about(found, measure)]
        name, _, number = str(measure["benchmark"]).rpartition("@")
        if mine and number.isdecimal():
            rows = BenchmarkVersion.objects.filter(benchmark__name=name, number=int(number[:9]), example_hash="")
            rows.update(trouble=_kept(mine), updated_at=timezone.now())


def _is_about(found: dict[str, Any], measure: dict[str, Any]) -> bool:
    data = str(measure.get("data", ""))
    return f"{measure.get('split') or 'test'} of {data}" in str(found.get("message", ""))


def _kept(found: list[dict[str, Any]]) -> dict[str, Any]:
    rows = [{key: str(entry.get(key) or "")[:1000] for key in ("code", "message", "consequence")} for entry in found]
    return {"at": timezone.now().isoformat(), "findings": json_safe(rows[:MOST])}
