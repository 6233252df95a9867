"""What can be known of a definition's data without measuring: its first part as kept with the commit, the headers of its first pictures.

What only a measurement tells is said too, as a warning: a benchmark is not called sound because nobody looked.
"""

from collections.abc import Iterable

from hub.benchmarks.data import Data
from hub.blobs.models import Blob
from hub.blobs.services import blob_bytes
from workers.contracts.facts import Seen
from workers.contracts.findings import Finding
from workers.contracts.recipes import Measure
from workers.contracts.tasks import Task
from workers.planning.configured import splits_in
from workers.planning.contents import are_numbers_alone, classes_seen, content_findings
from workers.planning.datasets import SplitFiles
from workers.planning.harness import HARNESS_TASKS
from workers.planning.harness_files import NAME, named_findings, row_findings, task_files
from workers.planning.labels import BY_NUMBER
from workers.planning.pictures import MAX_PIXELS, picture_size, pixel_words
from workers.planning.runnable import problem_finding
from workers.planning.wording import counted, finding, number

PICTURES, HEADER_BYTES = 32, 32 * 1024
_PLACE = ("definition",)
_LATER = "It is checked when the benchmark is first measured; what is wrong then is shown on its page."


def look(measure: Measure, task: Task, data: Data) -> list[Finding]:
    """Errors for what would be refused for sure, warnings for what may be, or cannot be known yet."""
    if data.repo is None or data.rows.get(measure.split, 0) == 0:
        return []
    problem = problem_finding(measure, data.facts, _PLACE)
    if problem is not None:
        return [problem]
    findings = content_findings(measure, task, data.facts, _PLACE)
    if are_numbers_alone(measure, task, data.facts) and not any(entry.severity == "error" for entry in findings):
        classes = len(classes_seen(measure, task, data.facts)[0])
        told = f"labels 0–{classes - 1}" if classes > 1 else "labels"
        message = f"The {told} are numbers without names, and are taken as the classes of each model in its order."
        findings.append(finding("labels_by_number", "warning", (*_PLACE, "labels"), message, BY_NUMBER))
    if task.name in HARNESS_TASKS:
        findings += row_findings(measure.options, data.facts.columns, (*_PLACE, "options"))
    findings += _picture_findings(measure, data)
    return findings + _later(measure, task, data, findings)


def _later(measure: Measure, task: Task, data: Data, found: Iterable[Finding]) -> list[Finding]:
    """What nobody knows before the first measurement, in one sentence each."""
    codes = {entry.code for entry in found}
    split = data.facts.seen.get(measure.split, {})
    told = []
    if not data.facts.columns:
        told.append(("columns", "Which columns this data has was not read."))
    elif _is_cut(split):
        told.append(("split", f"Only the first {counted(max(seen.rows for seen in split.values()), 'row')} of {measure.split} were read."))  # fmt: skip
    if (
        task.name in HARNESS_TASKS
        and measure.options.get(NAME) in task_files()
        and "harness_misfit" not in codes
        and not named_findings(measure.options, task.name, ())
    ):
        told.append((f"options.{NAME}", f"Whether the rows are what lm-eval's {measure.options[NAME]} reads cannot be told without asking."))  # fmt: skip
    if "picture_bomb" not in codes and (words := _unseen_pictures(measure, task, data)):
        told.append(("data", words))
    return [
        finding("checked_when_measured", "warning", (*_PLACE, *place.split(".")), message, _LATER)
        for place, message in told
    ]


def _is_cut(split: dict[str, Seen]) -> bool:
    return bool(split) and not all(seen.is_whole for seen in split.values())


def _files(measure: Measure, data: Data) -> SplitFiles | None:
    return splits_in(data.facts).get(measure.split)


def _unseen_pictures(measure: Measure, task: Task, data: Data) -> str:
    files = _files(measure, data)
    if files is None or not any(column.kind == "image" for column in task.columns) or files.format == "safetensors":
        return ""
    if files.format != "images":
        return "The pictures of this data were not opened."
    left = len(files.files) - PICTURES
    return f"Only the first {PICTURES} of {number(len(files.files))} pictures were looked at." if left > 0 else ""


def _picture_findings(measure: Measure, data: Data) -> list[Finding]:
    """The sizes that the first pictures of a folder claim. SECURITY: a few headers are read, nothing is decoded."""
    files = _files(measure, data)
    if files is None or files.format != "images":
        return []
    shas = {file.path: file.sha256 for file in data.facts.files}
    blobs = Blob.objects.in_bulk([shas[path] for path in files.files[:PICTURES]])
    for path in files.files[:PICTURES]:
        blob = blobs.get(shas[path])
        size = picture_size(blob_bytes(blob=blob, end=min(blob.size_bytes, HEADER_BYTES))) if blob is not None else None
        if size is not None and size[0] * size[1] > MAX_PIXELS:
            message = (
                f"{path} is a picture of {pixel_words(size)} pixels, at most {MAX_PIXELS // 2**20} million are read."
            )
            return [finding("picture_bomb", "error", (*_PLACE, "data"), message, "Scale the picture down, or leave it out.")]  # fmt: skip
    return []
