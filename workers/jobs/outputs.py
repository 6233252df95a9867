"""Closes a job: lists what lies in `out/`, with sizes and digests."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from workers.contracts.jobs import JobResult, ReportFile


def write_json(path: Path, document: object) -> None:
    """Keys in their order, two spaces, a newline at the end: equal documents are equal bytes. NaN has no place in JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def result_of(
    out: Path, *, metrics: dict[str, Any], report: dict[str, Any], tensor_digest: str = "", resumed_units: int = 0,
    known: Iterable[ReportFile] = (),
) -> JobResult:  # fmt: skip
    """The job's result over every file now in `out`. `known` are files whose digest was taken as they were written."""
    by_path = {file.path: file for file in known}
    files = tuple(
        by_path.get(name) or ReportFile(path=name, size_bytes=path.stat().st_size, sha256=file_sha256(path))
        for name, path in sorted((path.relative_to(out).as_posix(), path) for path in out.rglob("*") if path.is_file())
    )
    return JobResult(
        files=files, metrics=metrics, report=report, tensor_digest=tensor_digest, resumed_units=resumed_units
    )
