"""Writes of evaluations: what an evaluate job measured becomes rows, inside the transaction that ends the job."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from hub.benchmarks.models import BenchmarkVersion
from hub.benchmarks.services import example_hash_note, one_class_note
from hub.blobs.models import Blob
from hub.catalog.models import Commit
from hub.evals.meaning import definition_of_row, facts_of_input, score_of
from hub.evals.models import Evaluation
from hub.jobs.bell import send_after_commit
from hub.jobs.models import Job, JobInput
from workers.contracts.jobs import JobResult

OTHER_EXAMPLES = "The examples are not those that this was first measured on."


@transaction.atomic
def evaluation_publish(*, job: Job, result: JobResult, files: Mapping[str, Blob], commit: Commit | None = None) -> None:
    """One row per model, definition and repeat of the report, each with its answers. Called again for the same job, it changes nothing.

    What was measured of a repo that is gone by now is dropped: there is no page left that could show it.
    """
    inputs = {(item.role, item.position): item for item in JobInput.objects.filter(job=job).select_related("repo")}
    digests = set()
    for row in result.report.get("results", ()):
        model, data = inputs.get(("model", row["model"]["index"])), inputs.get(("data", row["data"]["index"]))
        if model is None or model.repo is None:
            continue
        digests.add(_row_publish(job, row, files, model, data).definition_digest)
    send_after_commit("hub.compare", str(job.pk))
    for digest in sorted(digests):
        send_after_commit("hub.rank", digest)


def _row_publish(
    job: Job, row: Mapping[str, Any], files: Mapping[str, Blob], model: JobInput, data: JobInput | None
) -> Evaluation:
    definition = definition_of_row(job=job, row=row, data=data)
    digest = definition.digest
    evaluation, _ = Evaluation.objects.update_or_create(
        repo=model.repo,
        commit_oid=model.commit_oid,
        data_name=_data_name(row["data"], data),
        data_commit=data.commit_oid if data is not None else "",
        split=row["data"]["split"],
        definition_digest=digest,
        repeat=row.get("repeat", 0),
        job=job,
        defaults={
            "data_repo": data.repo if data is not None else None,
            "definition": definition.model_dump(mode="json"),
            "task": definition.task,
            "labels": [str(name) for name in row.get("labels") or definition.labels],
            "metrics": row["metrics"],
            "examples": row["examples"],
            "cost": _cost(job, row),
            "example_hash": str(row.get("example_hash") or ""),
            "duplicates": row.get("duplicates"),
            "leakage": row.get("leakage") or {},
            "invalid": _examples_noted(digest, row),
            "predictions": files.get(row["predictions"]),
            **score_of(definition, row["metrics"]),
        },
    )
    return evaluation


def _examples_noted(digest: str, row: Mapping[str, Any]) -> str:
    """The first measurement says which examples a definition has; what was asked of others later is not put beside it."""
    one_class_note(digest=digest, warnings=row.get("warnings") or ())
    found = str(row.get("example_hash") or "")
    if not found:
        return ""
    example_hash_note(digest=digest, example_hash=found, examples=row["examples"])
    known = (
        BenchmarkVersion.objects.filter(digest=digest).exclude(example_hash="").values_list("example_hash", flat=True)
    )
    return OTHER_EXAMPLES if known and found not in known else ""


def _cost(job: Job, row: Mapping[str, Any]) -> dict[str, Any]:
    """What was measured of the cost; what the headers say where it was not."""
    cost = dict(row.get("cost") or {})
    facts = facts_of_input(job, "model", row["model"]["index"])
    if facts is not None:
        cost.setdefault("parameters", facts.parameters)
        cost.setdefault("size_bytes", facts.size_bytes)
    return cost


def _data_name(row: Mapping[str, Any], data: JobInput | None) -> str:
    """The repo's present name; `builtin:digits` and the like are no repos and keep theirs."""
    if data is not None and data.repo is not None:
        return str(data.repo.full_name)
    return str(row["repo"] or row["reference"])
