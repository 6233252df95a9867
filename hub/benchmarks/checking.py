"""Whether a definition can be a benchmark: all findings at once, before anything is written."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from hub.accounts.models import User
from hub.benchmarks.data import Data, data_resolve
from hub.benchmarks.definitions import definition_of
from hub.benchmarks.first_look import look
from hub.core.errors import NOT_VISIBLE, Refused
from workers.contracts.benchmarks import Definition
from workers.contracts.complaints import nearest
from workers.contracts.findings import Finding
from workers.contracts.recipes import Measure
from workers.contracts.tasks import TASKS, Task, task_get
from workers.planning.columns import roles_of
from workers.planning.contents import classes_seen
from workers.planning.options import option_findings
from workers.planning.wording import counted

OPTIONS_BYTES = 4096
LABELS = 10_000
_OWN = {"benchmark"}


def definition_check(*, user: User, document: Any) -> tuple[Definition, Data, list[Finding]]:
    """The definition in its one form, its data pinned, and what is to be said of it. Raises `Refused` with every finding."""
    measure, findings = _measure(document)
    data = data_resolve(user=user, text=measure.data) if measure is not None and measure.data else None
    task = task_get(measure.task or "") if measure is not None else None
    if measure is not None:
        findings += _task_findings(measure, task)
        findings += _data_findings(measure, data)
        findings += _size_findings(measure)
        findings += option_findings(task, measure.options, ("definition", "options")) if task is not None else []
    if measure is not None and task is not None and data is not None:
        findings += _column_findings(measure, task, data)
        findings += _label_findings(measure, task, data)
        told = {(entry.code, entry.where) for entry in findings}
        findings += [entry for entry in look(measure, task, data) if (entry.code, entry.where) not in told]
    errors = sum(entry.severity == "error" for entry in findings)
    if errors or measure is None or task is None or data is None:
        raise Refused(f"{counted(errors, 'error')} in this definition.", findings=findings)
    measure = _said_already(measure, task, data)
    return definition_of(measure, task=task, data=data.name, facts=data.facts), data, findings


def _measure(document: Any) -> tuple[Measure | None, list[Finding]]:
    if not isinstance(document, Mapping):
        return None, [_error("not_a_mapping", "", "The definition must be keys and values: task, data, split …")]
    known = set(Measure.model_fields) - _OWN
    body = {key: value for key, value in document.items() if key != "protocol"}
    findings = []
    for key in [key for key in body if key not in known]:
        meant = nearest(str(key), sorted(known))
        hint = f" Did you mean {meant}?" if meant else ""
        findings.append(_error("unknown_key", "", f"{str(key)[:60]!r} is not a key of a definition.{hint}"))
        del body[key]
    try:
        # Strict JSON mode: lists become tuples, nothing else is converted.
        return Measure.model_validate_json(json.dumps(body), strict=True), findings
    except (ValidationError, TypeError, ValueError) as error:
        if not isinstance(error, ValidationError):
            return None, [*findings, _error("wrong_type", "", "The definition holds something that is not JSON.")]
        found = [
            _error("wrong_value", _where(row["loc"]), f"{_where(row['loc'])}: {row['msg']}.") for row in error.errors()
        ]
        return None, [*findings, *found[:20]]


def _where(place: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in place)


def _task_findings(measure: Measure, task: Task | None) -> list[Finding]:
    names = [row.name for row in TASKS]
    if task is None:
        meant = nearest(measure.task or "", names)
        hint = f"Did you mean {meant}?" if meant else f"Choose one of {', '.join(names)}."
        message = f"There is no task {measure.task!r}. {hint}" if measure.task else f"Say the task. {hint}"
        return [_error("unknown_task", "task", message)]
    wrong = [name for name in measure.metrics if name not in task.metrics]
    if wrong:
        message = (
            f"{', '.join(wrong[:5])} cannot be worked out for {task.label.lower()}. It has {', '.join(task.metrics)}."
        )
        return [_error("metric_undefined", "metrics", message)]
    return []


def _data_findings(measure: Measure, data: Data | None) -> list[Finding]:
    if not measure.data:
        return [_error("data_missing", "data", "Say the data: a dataset such as alice/letters, or builtin:digits.")]
    if data is None:
        return [_error("not_found", "data", f"{measure.data}: {NOT_VISIBLE}")]
    if measure.split not in data.rows:
        held = ", ".join(sorted(data.rows)[:6]) or "none that can be read"
        return [_error("split_missing", "split", f"{measure.data} has no split {measure.split}. It has: {held}.")]
    if data.rows[measure.split] == 0:
        return [_error("data_empty", "split", f"The split {measure.split} of {measure.data} holds no examples.")]
    return []


def _size_findings(measure: Measure) -> list[Finding]:
    findings = []
    if len(json.dumps(measure.options)) > OPTIONS_BYTES:
        findings.append(_error("too_long", "options", f"The options are longer than {OPTIONS_BYTES} bytes."))
    if len(measure.labels) > LABELS:
        findings.append(
            _error("too_many", "labels", f"{len(measure.labels)} labels are given, at most {LABELS} are read.")
        )
    return findings


def _column_findings(measure: Measure, task: Task, data: Data) -> list[Finding]:
    """Where the header does not say which columns there are, the first measurement does."""
    held = data.facts.columns
    if not held:
        return []
    _, findings = roles_of(task, held, measure.columns, name=measure.data, where="definition.columns")
    for place, name in (*(("slices", name) for name in measure.slices), ("cluster", measure.cluster)):
        if name and name not in held:
            message = f"The data has no column {name!r}. It has {', '.join(sorted(held)[:12])}."
            findings.append(_error("column_missing", place, message))
    return findings


def _said_already(measure: Measure, task: Task, data: Data) -> Measure:
    """Without columns and classes that are taken anyway: to say so changes no number."""
    held = data.facts.columns
    if held and roles_of(task, held, {}, name="")[0] == roles_of(task, held, measure.columns, name="")[0]:
        measure = measure.model_copy(update={"columns": {}})
    known, is_whole = classes_seen(measure, task, data.facts) if not data.facts.labels else ((), False)
    return measure.model_copy(update={"labels": ()}) if is_whole and known == measure.labels else measure


def _label_findings(measure: Measure, task: Task, data: Data) -> list[Finding]:
    given, held = measure.labels, data.facts.labels
    if given and not task.is_classification:
        return [_error("labels_without_classes", "labels", f"{task.label} has no classes. Leave the labels out.")]
    if len(set(given)) != len(given):
        twice = sorted({name for name in given if given.count(name) > 1})
        return [
            _error(
                "duplicate_label", "labels", f"Each class needs a name of its own. Given twice: {', '.join(twice[:5])}."
            )
        ]
    lost, strange = [name for name in held if name not in given], [name for name in given if name not in held]
    if given and held and (lost or strange):
        parts = [f"missing {', '.join(lost[:5])}"] * bool(lost) + [f"not in the data {', '.join(strange[:5])}"] * bool(
            strange
        )
        return [_error("label_mismatch", "labels", f"The labels differ from those of the data: {'; '.join(parts)}.")]
    return []


def _error(code: str, where: str, message: str) -> Finding:
    return Finding(code=code, severity="error", message=message, where=f"definition.{where}" if where else "definition")
