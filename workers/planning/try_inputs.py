"""What one input of a task may be: the roles it needs, and how large each may get. All findings at once, before anything runs."""

import base64
import binascii
import math
from collections.abc import Callable, Mapping
from typing import Any

from workers.contracts.complaints import nearest, quoted
from workers.contracts.findings import Finding
from workers.contracts.paths import Path
from workers.contracts.tasks import Column, Task
from workers.planning.pictures import picture_size
from workers.planning.wording import finding, joined, number, remove, size_text

MAX_CHARACTERS = 20_000
MAX_PICTURE_BYTES = 5 * 10**6
MAX_PIXELS = 4 * 10**6
MAX_FEATURES = 10_000
MAX_CHOICES = 64
MOST_UNKNOWN = 8
# What a model is asked for and not told: the gold columns of a benchmark.
_GOLD_KINDS = ("class", "number")
_GOLD_ROLES = ("answer",)


def roles_asked(task: Task) -> tuple[Column, ...]:
    """The columns of `task` that one input has to fill."""
    return tuple(column for column in task.columns if column.kind not in _GOLD_KINDS and column.role not in _GOLD_ROLES)


def input_findings(task: Task, given: Mapping[str, Any]) -> list[Finding]:
    asked = roles_asked(task)
    names = [column.role for column in asked]
    findings = []
    unknown = [role for role in given if role not in names]
    if len(unknown) > MOST_UNKNOWN:
        message = f"{number(len(unknown))} keys of input are none of {task.label.lower()}, which takes {joined(names)}."
        findings.append(finding("input_unknown", "error", ("input",), message))
    else:
        for role in unknown:
            path: Path = ("input", role)
            meant = nearest(role, names)
            message = f"{quoted(role)} is no input of {task.label.lower()}, which takes {joined(names)}."
            message += f" Did you mean {meant}?" if meant else ""
            findings.append(finding("input_unknown", "error", path, message, repair=[remove(path, "Leave it out")]))
    for column in asked:
        if column.role in given:
            findings += _CHECKS[column.kind](("input", column.role), given[column.role])
        elif column.required:
            message = f"input.{column.role} is missing. {task.label} takes {joined(names)}."
            findings.append(finding("input_missing", "error", ("input", column.role), message))
    return findings


def picture_bytes(text: str) -> bytes | None:
    """The bytes of a picture in base64, with or without `data:image/png;base64,` before it; None when that is not what it is."""
    if text.startswith("data:"):
        head, _, text = text.partition(",")
        if not head.endswith(";base64"):
            return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _text(path: Path, value: Any) -> list[Finding]:
    if not isinstance(value, str):
        return [_wrong_type(path, value, "text")]
    if not value.strip():
        return [finding("input_empty", "error", path, f"{path[-1]} is empty. Write something to try.")]
    if len(value) > MAX_CHARACTERS:
        message = f"{path[-1]} has {number(len(value))} characters, at most {number(MAX_CHARACTERS)} are tried."
        return [finding("input_too_large", "error", path, message, repair=[])]
    return []


def _texts(path: Path, value: Any) -> list[Finding]:
    if not isinstance(value, list | tuple):
        return [_wrong_type(path, value, "a list of texts")]
    if not 2 <= len(value) <= MAX_CHOICES:
        message = f"{path[-1]} has {len(value)} entries. Give 2 to {MAX_CHOICES}."
        return [finding("input_count", "error", path, message)]
    total = sum(len(entry) for entry in value if isinstance(entry, str))
    if total > MAX_CHARACTERS:
        message = f"{path[-1]} have {number(total)} characters together, at most {number(MAX_CHARACTERS)} are tried."
        return [finding("input_too_large", "error", path, message)]
    return [found for index, entry in enumerate(value) for found in _text((*path, index), entry)]


def _picture(path: Path, value: Any) -> list[Finding]:
    if not isinstance(value, str):
        return [_wrong_type(path, value, "a picture as text in base64")]
    if len(value) > MAX_PICTURE_BYTES * 4 // 3 + 128:
        message = (
            f"The picture is larger than {size_text(MAX_PICTURE_BYTES)}. Make it smaller; the model sees few pixels."
        )
        return [finding("input_too_large", "error", path, message)]
    data = picture_bytes(value)
    size = picture_size(data) if data is not None else None
    if data is None or size is None or 0 in size:
        message = "The picture is not a PNG or JPEG in base64."
        return [finding("picture_unreadable", "error", path, message, "Other formats are not decoded.")]
    if len(data) > MAX_PICTURE_BYTES or size[0] * size[1] > MAX_PIXELS:
        message = f"The picture has {size[0]} × {size[1]} pixels in {size_text(len(data))}."
        limit = f"At most {number(MAX_PIXELS)} pixels and {size_text(MAX_PICTURE_BYTES)} are tried. Make it smaller."
        return [finding("input_too_large", "error", path, f"{message} {limit}")]
    return []


def _numbers(path: Path, value: Any) -> list[Finding]:
    if not isinstance(value, list | tuple):
        return [_wrong_type(path, value, "a list of numbers")]
    if not 1 <= len(value) <= MAX_FEATURES:
        message = f"{path[-1]} has {number(len(value))} numbers. Give 1 to {number(MAX_FEATURES)}."
        return [finding("input_count", "error", path, message)]
    for index, entry in enumerate(value):
        if isinstance(entry, bool) or not isinstance(entry, int | float) or not _is_finite(entry):
            message = f"Number {index + 1} of {path[-1]} is {quoted(entry)}. Only finite numbers can be used."
            return [finding("wrong_type", "error", (*path, index), message)]
    return []


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _wrong_type(path: Path, value: Any, wanted: str) -> Finding:
    return finding("wrong_type", "error", path, f"{path[-1]} is {quoted(value)}, it needs {wanted}.")


_CHECKS: dict[str, Callable[[Path, Any], list[Finding]]] = {
    "text": _text, "texts": _texts, "image": _picture, "numbers": _numbers,
}  # fmt: skip
