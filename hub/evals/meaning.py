"""What a number means: the definition behind one row of an evaluate job's report."""

from collections.abc import Mapping
from typing import Any

from hub.benchmarks.data import builtin_data
from hub.benchmarks.definitions import definition_of, metric_first
from hub.benchmarks.models import BenchmarkVersion
from hub.benchmarks.names import reference_parse
from hub.jobs.models import Job, JobInput
from workers.contracts.benchmarks import Definition
from workers.contracts.facts import RepoFacts
from workers.contracts.recipes import Measure
from workers.contracts.tasks import TASKS, task_get

FIRST_TASK = TASKS[0].name


def measure_asked(job: Job, index: int) -> Measure:
    """The entry of the recipe that a row answers; an empty one where the recipe names no data of its own."""
    asked = job.request.get("recipe", {}).get("data") or []
    if not 0 <= index < len(asked):
        return Measure()
    return Measure.model_validate(asked[index])


def facts_of_input(job: Job, role: str, index: int) -> RepoFacts | None:
    for entry in job.request.get("inputs", ()):
        if (entry.get("role"), entry.get("index", 0)) == (role, index):
            return RepoFacts.model_validate(entry.get("facts") or {})
    return None


def definition_of_row(*, job: Job, row: Mapping[str, Any], data: JobInput | None) -> Definition:
    """Of the benchmark that the recipe names; else of what the recipe and the headers of the data say.

    The hub works it out itself from what it resolved: equal measurements get equal digests whoever ran them.
    """
    measure, limit = measure_asked(job, row["data"]["index"]), job.request.get("recipe", {}).get("limit")
    named = _of_benchmark(measure, data)
    if named is not None and limit is None:
        return named
    told = row.get("task") or (row.get("definition") or {}).get("task") or measure.task or FIRST_TASK
    task = task_get(told)
    if task is None:
        raise LookupError(f"the task table has no {told}")
    measure = measure.model_copy(update={"split": row["data"]["split"]})
    facts = (
        facts_of_input(job, "data", row["data"]["index"])
        if data is not None
        else builtin_data(measure.data or row["data"]["reference"]).facts
    )
    return definition_of(measure, task=task, data=_pinned(row["data"], data), facts=facts, limit=limit)


def _of_benchmark(measure: Measure, data: JobInput | None) -> Definition | None:
    """None where the benchmark is gone by now, or was not what was measured after all."""
    parsed = reference_parse(measure.benchmark or "")
    if parsed is None or parsed[1] is None:
        return None
    version = BenchmarkVersion.objects.filter(benchmark__name=parsed[0], number=parsed[1]).first()
    if version is None or version.data_commit != (data.commit_oid if data is not None else ""):
        return None
    return Definition.model_validate(version.definition)


def _pinned(row: Mapping[str, Any], data: JobInput | None) -> str:
    name = data.repo.full_name if data is not None and data.repo is not None else row["repo"] or row["reference"]
    return f"{name}@{data.commit_oid}" if data is not None else str(name)


def score_of(definition: Definition, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that lists sort by: the first metric of the definition that was measured, with its interval."""
    task = task_get(definition.task)
    names = [metric_first(definition), *(task.metrics if task is not None else ())]
    name = next((name for name in names if name in metrics), names[0])
    value = metrics.get(name) or {}
    return {"metric": name, "score": value.get("value"), "score_low": value.get("low"), "score_high": value.get("high")}
