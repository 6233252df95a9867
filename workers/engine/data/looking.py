"""LOOK at a folder of data before it goes anywhere: every row is read once. Needs no torch; `genepool data` is the caller."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.contracts.tasks import Task
from workers.engine.data.examples import Examples, examples_of
from workers.engine.data.refusals import noticed
from workers.engine.data.splits import Split, card_of, open_split
from workers.planning.columns import tasks_for
from workers.planning.configured import splits_of
from workers.planning.labels import shown
from workers.planning.wording import counted, number

NAMED_TASKS = 3


@dataclass
class SplitReport:
    """`classes` counts examples by class name, empty without classes. `contradictions` are inputs with more than one answer."""

    name: str
    rows: int
    columns: dict[str, str]
    classes: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    contradictions: int = 0


@dataclass
class DataReport:
    """`task` is what the data was looked at for; None where it fits none, and then only rows and columns are known."""

    splits: list[SplitReport] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def task(self) -> Task | None:
        return self.tasks[0] if self.tasks else None


def look(
    folder: Path, paths: list[str], *, task: Task | None = None, columns: Mapping[str, str] | None = None
) -> DataReport:
    """What the files `paths` of `folder` hold, and all that is wrong with it at once.

    Files that cannot be read are errors. What keeps the data from `task` is an error where a task is asked for, and a
    warning where it was guessed from the columns: data may be meant for something else.
    """
    report = DataReport(tasks=[task] if task else [])
    opened = _opened(folder, paths, report)
    if task is None and opened:
        report.tasks = tasks_for(opened[0].columns)
    seen: dict[str, set[bytes]] = {}
    for split in opened:
        told = SplitReport(split.name, len(split), split.columns)
        report.splits.append(told)
        examples = _examples(split, report, columns or {}, is_asked=task is not None)
        if examples is not None:
            report.roles = report.roles or examples.roles
            _look_closer(examples, told, report, seen)
    _compare_classes(report)
    return report


def _opened(folder: Path, paths: list[str], report: DataReport) -> list[Split]:
    found = []
    for name in splits_of(paths, card_of(folder)):
        try:
            found.append(open_split(folder, name, reference=folder.name or "the folder"))
        except UserError as error:
            report.findings += error.findings
    return found


def _examples(split: Split, report: DataReport, columns: Mapping[str, str], *, is_asked: bool) -> Examples | None:
    task = report.task
    if task is None:
        return None
    try:
        examples = examples_of(split, task.name, columns=columns, name=split.name)
    except UserError as error:
        severity = "error" if is_asked else "warning"
        consequence = f"Models cannot be measured on it for {task.label.lower()}."
        report.findings += [
            finding.model_copy(update={"severity": severity, "consequence": finding.consequence or consequence})
            for finding in error.findings
        ]
        return None
    report.findings += examples.warnings
    return examples


def _look_closer(examples: Examples, told: SplitReport, report: DataReport, seen: dict[str, set[bytes]]) -> None:
    rows = range(len(examples))
    if examples.labels:
        by_index = Counter(examples.gold(rows).tolist())
        told.classes = {examples.labels[index]: by_index[index] for index in sorted(by_index)}
    whole = {bytes.fromhex(sha)[:16] for sha in examples.shas()}
    hashes = [bytes.fromhex(sha)[:16] for sha in examples.input_shas()]
    inputs = set(hashes)
    told.duplicates, told.contradictions = len(hashes) - len(whole), len(whole) - len(inputs)
    if told.duplicates:
        message = f"{number(told.duplicates)} of {counted(told.rows, 'example')} in {told.name} say again what an earlier one says."
        report.findings.append(noticed("data_duplicates", message, "Each counts as often as it stands there."))
    if told.contradictions:
        message = f"{counted(told.contradictions, 'input')} of {told.name} {'comes' if told.contradictions == 1 else 'come'} with more than one answer."
        report.findings.append(noticed("data_contradictions", message, "No model can be right on all of them."))
    for other, known in seen.items():
        leaked = sum(held in known for held in hashes)
        if leaked:
            message = f"{number(leaked)} of {counted(told.rows, 'example')} in {told.name} stand in {other} too."
            consequence = "A model that learned them by heart measures better than it is."
            report.findings.append(noticed("data_leakage", message, consequence))
    seen[told.name] = inputs


def _compare_classes(report: DataReport) -> None:
    if not report.splits or not report.splits[0].classes:
        return
    first = report.splits[0]
    for other in report.splits[1:]:
        extra = [name for name in other.classes if name not in first.classes]
        if extra:
            message = f"{other.name} has classes that {first.name} has not: {shown(extra)}."
            report.findings.append(
                noticed("data_classes", message, "A model trained on the one cannot be right on them.")
            )
