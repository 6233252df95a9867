"""How jobs and findings read in a terminal."""

import json
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from pydantic import ValidationError

from hub.cli.client import HubError
from workers.contracts.findings import Finding
from workers.contracts.writing import document_ordered, document_to_yaml
from workers.planning.wording import printable, size_text
from workers.terminal import show_findings

ENDED = ("succeeded", "failed", "errored", "cancelled")


def json_print(body: Any) -> None:
    sys.stdout.write(json.dumps(body, indent=2, ensure_ascii=False) + "\n")


def findings_print(rows: Iterable[dict[str, Any]], stream: TextIO | None = None) -> None:
    """A hub's findings, as `genepool check` shows its own."""
    show_findings([_finding(row) for row in rows], stream)


def _finding(row: dict[str, Any]) -> Finding:
    """Also of a hub of a later release, whose findings may hold more than we know."""
    try:
        return Finding.model_validate({name: row[name] for name in Finding.model_fields if name in row})
    except ValidationError:
        return Finding(code=str(row.get("code", "")), severity="error", message=str(row.get("message", "")))


def lines_printable(text: str) -> str:
    """SECURITY: what a hub sends was written by strangers; control characters would act on the terminal."""
    return "\n".join(printable(line) for line in text.split("\n"))


def error_print(error: HubError) -> int:
    """Tells what went wrong; the exit code for it."""
    findings_print(error.findings)
    sys.stderr.write(f"genepool: {lines_printable(str(error))}\n")
    return 1


def job_line(job: dict[str, Any]) -> str:
    result = f"  → {job['result']['repo']}" if job.get("result") else ""
    return printable(f"{job['number']:>6}  {job['state']:<10}  {job['kind']:<9}  {job['title']}{result}")


def job_print(job: dict[str, Any]) -> None:
    """One job in full, as far as people ask for it."""
    rows: list[tuple[str, Any]] = [
        ("job", job["number"]), ("title", job["title"]), ("kind", " ".join(filter(None, (job["kind"], job["method"])))),
        ("state", job["state"]), ("waits", (job.get("queue") or {}).get("reason")), ("progress", progress_text(job)),
        ("result", result_text(job)), ("digest", job.get("tensor_digest")), ("attempt", job["attempt"]),
        ("submitted", job["created_at"]), ("started", job["started_at"]), ("finished", job["finished_at"]),
        ("cost", cost_text(job.get("cost") or {})), ("page", job["page"]),
    ]  # fmt: skip
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        if value not in (None, ""):
            sys.stdout.write(f"{name:<{width}}  {printable(str(value))}\n")
    error = job.get("error") or {}
    if error.get("message"):
        sys.stdout.write(f"\n{lines_printable(error['message'])}\n")
    findings_print(error.get("findings") or [], sys.stdout)
    if job.get("recipe"):
        sys.stdout.write("\n" + lines_printable(document_to_yaml(document_ordered(job["recipe"]))))


def progress_text(job: dict[str, Any]) -> str:
    progress = job.get("progress") or {}
    if job["state"] in ENDED or not progress.get("total"):
        return ""
    message = f"  {progress['message']}" if progress.get("message") else ""
    if progress.get("unit") == "bytes":
        return f"{size_text(progress['done'])} of {size_text(progress['total'])}{message}"
    unit = f" {progress['unit']}" if progress.get("unit") else ""
    return f"{progress['done']:.10g} of {progress['total']:.10g}{unit}{message}"


def result_text(job: dict[str, Any]) -> str:
    result = job.get("result")
    return f"{result['repo']}@{result['commit'][:7]}" if result else ""


def cost_text(cost: dict[str, Any]) -> str:
    parts = []
    if cost.get("wall_s") is not None:
        parts.append(f"{cost['wall_s']:.1f} s")
    if cost.get("cpu_s") is not None:
        parts.append(f"{cost['cpu_s']:.1f} s of CPU")
    if cost.get("peak_memory_bytes"):
        parts.append(f"{cost['peak_memory_bytes'] / 1e6:.0f} MB at most")
    return ", ".join(parts)
