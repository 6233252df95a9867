"""What an extraction kept of a change: how much was lost and what it takes, over all and tensor by tensor."""

from dataclasses import dataclass
from typing import Any

from hub.pages.numbers import percent, size, thousands

SHOWN = 16
FORMS = {
    "dense": "every number",
    "sparse": "the largest numbers",
    "low_rank": "strongest directions",
    "one_bit": "signs and a size",
}


@dataclass(frozen=True)
class Row:
    name: str
    form: str
    error: str
    takes: str
    share: float


def extracted_of(report: dict[str, Any]) -> dict[str, Any] | None:
    """For templates: figures and the tensors that lost most, as shares of the length of their change; None for other reports."""
    if report.get("kind") != "extract" or "error" not in report.get("summary", {}):
        return None
    summary, tensors = report["summary"], report.get("tensors") or {}
    lossy = sorted(tensors.items(), key=lambda item: (-(item[1].get("error") or 0), item[0]))
    rows = [
        Row(name, _form(note), percent(note.get("error") or 0, 1), size(note.get("bytes") or 0), min(1.0, note.get("error") or 0))
        for name, note in lossy[:SHOWN]
    ]  # fmt: skip
    return {
        "error": percent(summary["error"], 1) if summary["error"] else "0 %",
        "is_exact": not summary["error"],
        "size": size(summary.get("size_bytes") or 0),
        "ratio": percent(summary["ratio"], 1) if summary.get("ratio") is not None else "",
        "changed": thousands(int(summary.get("changed") or 0)),
        "tensors": thousands(int(summary.get("tensors") or 0)),
        "left": report.get("left") or [],
        "rows": rows,
        "count": len(tensors),
    }


def _form(note: dict[str, Any]) -> str:
    word = FORMS.get(note.get("form", ""), "unchanged")
    return f"{int(note['rank'])} {word}" if note.get("form") == "low_rank" and note.get("rank") else word
