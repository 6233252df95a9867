"""What the job that measured noticed about the data: examples said twice, examples that a training split holds too."""

import json
from typing import Any

from pydantic import ValidationError

from hub.blobs.services import blob_bytes
from hub.evals.models import Evaluation
from hub.jobs.models import JobOutput
from workers.contracts.findings import Finding
from workers.contracts.manifests import REPORT_FILE

MOST_BYTES = 16 * 2**20
MOST_SHOWN = 10


def noticed(evaluation: Evaluation) -> tuple[Finding, ...]:
    """From the report of the job; empty where there is none any more. The entry is found by the file of its answers."""
    if evaluation.job_id is None or evaluation.predictions_id is None:
        return ()
    outputs = JobOutput.objects.filter(job=evaluation.job_id).exclude(path="").select_related("blob")
    report = outputs.filter(path=REPORT_FILE).first()
    paths = set(outputs.filter(blob=evaluation.predictions_id).values_list("path", flat=True))
    if report is None or report.blob is None or report.blob.size_bytes > MOST_BYTES or not paths:
        return ()
    try:
        rows = json.loads(blob_bytes(blob=report.blob)).get("results") or ()
    except (ValueError, AttributeError, RecursionError):
        return ()
    row = next((row for row in rows if isinstance(row, dict) and row.get("predictions") in paths), {})
    return tuple(_findings(row.get("warnings")))[:MOST_SHOWN]


def _findings(raw: Any) -> list[Finding]:
    found = []
    for entry in raw if isinstance(raw, list) else ():
        try:
            found.append(Finding.model_validate(entry))
        except ValidationError:
            continue
    return found
