"""What `genepool data` says of a folder before it is sent: splits, classes, what it can be used for, what is wrong with it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from workers.contracts.findings import has_errors
from workers.contracts.tasks import TASKS, task_get
from workers.planning.wording import counted, number, printable
from workers.terminal import show_findings

if TYPE_CHECKING:
    from workers.engine.data.looking import DataReport, SplitReport

_SHOWN = 8


def look_and_tell(folder: Path, files: list[str], *, task: str | None, columns: dict[str, str]) -> bool:
    """Prints the report to standard error. False when something is wrong that has to be mended first."""
    try:
        from workers.engine.data.looking import look
    except ImportError as error:
        sys.stderr.write(
            f"genepool: {error.name} is not installed here, and data cannot be looked at without it. "
            "Install genepool[worker], or push with --no-check.\n"
        )
        return False
    report = look(folder, files, task=task_get(task) if task else None, columns=columns)
    for line in report_lines(report):
        sys.stderr.write(printable(line) + "\n")
    show_findings(report.findings, sys.stderr)
    return not has_errors(report.findings)


def report_lines(report: "DataReport") -> list[str]:
    lines = [line for split in report.splits for line in _split_lines(split)]
    if report.task is not None and report.roles:
        roles = ", ".join(f"{role}: {_some(list(held))}" for role, held in report.roles.items())
        lines.append(f"Fits {report.task.label.lower()} ({roles}).")
        # Any file of rows can be read as running text; that is worth a word only where texts are what it holds.
        texts = any(column.kind == "text" for column in report.task.columns)
        others = [task.name for task in report.tasks[1:] if texts or not task.name.endswith("-lm")]
        if others:
            lines.append(f"It also fits {', '.join(others)}; --task says which is meant.")
    elif report.splits and report.task is None:
        lines.append("Fits no task that models are measured by. Name a column text, image or label, or use --columns.")
    return lines


def _split_lines(split: "SplitReport") -> list[str]:
    columns = _some([f"{name} ({kind})" for name, kind in split.columns.items()])
    lines = [f"{split.name:<12}{counted(split.rows, 'row')}   {columns}"]
    if split.classes:
        counts = _some([f"{name} {number(count)}" for name, count in split.classes.items()])
        lines.append(f"{'':<12}{counted(len(split.classes), 'class', 'classes')}: {counts}")
    return lines


def _some(words: list[str]) -> str:
    return ", ".join(words[:_SHOWN]) + (f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else "")


def task_names() -> list[str]:
    return [task.name for task in TASKS]
