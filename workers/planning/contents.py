"""CONTENTS: what the first part of a split already says against measuring on it. A finding is an error where the run would refuse it for sure."""

from collections.abc import Sequence

from workers.contracts.facts import RepoFacts, Seen
from workers.contracts.findings import Finding
from workers.contracts.paths import Path
from workers.contracts.recipes import Measure
from workers.contracts.tasks import Task
from workers.planning.columns import NUMERIC, gold_role, roles_of
from workers.planning.labels import are_named, label_places, shown
from workers.planning.measuring import columns_of
from workers.planning.wording import counted, finding, number, short_name

_ONE_CLASS = "A model that always says so is right every time."


def content_findings(
    item: Measure, task: Task, data: RepoFacts, path: Path, *, limit: int | None = None
) -> list[Finding]:
    """Values that are missing, classes that are not those asked for, one class only. `limit` is that of the whole recipe."""
    roles, _ = roles_of(task, columns_of(data), item.columns, name="")
    findings = []
    for role, columns in roles.items():
        for column in columns:
            seen = _seen(data, item, column)
            found = seen and _missing_finding(item, role, column, seen, path, _limit(item, limit))
            if found:
                findings.append(found)
                break  # the other columns of numbers say the same
    gold = gold_column(item, task, data)
    seen = _seen(data, item, gold) if gold and task.is_classification else None
    if seen is not None and not findings:
        findings += _class_findings(item, gold, data, seen, path, _limit(item, limit))
    return findings


def gold_column(item: Measure, task: Task, data: RepoFacts) -> str:
    """The column that holds the answers; "" where there is none."""
    role = gold_role(task)
    roles, _ = roles_of(task, columns_of(data), item.columns, name="")
    return roles[role][0] if role and role in roles else ""


def classes_seen(
    item: Measure, task: Task, data: RepoFacts, *, limit: int | None = None
) -> tuple[tuple[str, ...], bool]:
    """The classes as the run will find them, in index order, and whether these are all. () where the first part does not tell.

    Class numbers without names are taken for as many classes as the highest says.
    """
    column = gold_column(item, task, data) if task.is_classification else ""
    seen = _seen(data, item, column) if column else None
    if seen is None or seen.missing or not _reaches(seen, _limit(item, limit)):
        return (), False
    if columns_of(data)[column] in NUMERIC:
        if seen.high is None or seen.low is None or seen.low < 0 or seen.high >= 100_000:
            return (), False
        return tuple(str(index) for index in range(int(seen.high) + 1)), seen.is_whole
    return tuple(sorted(seen.counts, key=natural)), seen.is_whole


def are_numbers_alone(item: Measure, task: Task, data: RepoFacts) -> bool:
    """Whether the classes are numbers that neither the data nor the recipe gives names to."""
    if not task.is_classification or are_named(item.labels or data.labels):
        return False
    return columns_of(data).get(gold_column(item, task, data), "") in NUMERIC


def natural(label: str) -> tuple[int, int, str]:
    """Numbers by value, before names by alphabet: the order in which classes without one are numbered."""
    return (0, int(label), "") if label.isdecimal() and len(label) < 10 else (1, 0, label)


def _seen(data: RepoFacts, item: Measure, column: str) -> Seen | None:
    seen = data.seen.get(item.split, {}).get(column)
    return seen if seen is not None and seen.rows else None


def _limit(item: Measure, limit: int | None) -> int | None:
    return min((bound for bound in (item.limit, limit) if bound is not None), default=None)


def _reaches(seen: Seen, limit: int | None) -> bool:
    """Whether all that was seen is measured: rows behind a limit are not."""
    return limit is None or limit >= seen.rows


def _missing_finding(
    item: Measure, role: str, column: str, seen: Seen, path: Path, limit: int | None
) -> Finding | None:
    if not seen.missing:
        return None
    first = seen.first_missing
    is_sure = _reaches(seen, limit) or (first is not None and limit is not None and first < limit)
    if not is_sure and first is not None:
        return None
    name, among = short_name(item.data), f"{counted(seen.rows, 'row')} of {item.split}" if seen.is_whole else f"the first {counted(seen.rows, 'row')} of {item.split}"  # fmt: skip
    if seen.missing == seen.rows:
        message = f"The column {column} of {name} holds no value in any of {among}: {role} is always missing."
        consequence = "Choose another column, or fill it in."
    else:
        at = f", the first in row {number(first + 1)}" if first is not None else ""
        message = f"{number(seen.missing)} of {among} in {name} have no {role} in the column {column}{at}."
        consequence = "Missing, NaN and infinite values are not measured. Fill them in, or leave these rows out."
    return finding("data_null", "error" if is_sure else "warning", (*path, "columns"), message, consequence)


def _class_findings(
    item: Measure, column: str, data: RepoFacts, seen: Seen, path: Path, limit: int | None
) -> list[Finding]:
    name = short_name(item.data)
    is_number, reaches = columns_of(data)[column] in NUMERIC, _reaches(seen, limit)
    findings = []
    if is_number and seen.low is not None and seen.low < 0 and reaches:
        message = f"{column} in {item.split} of {name} holds {int(seen.low)}. Classes are numbered from 0."
        findings.append(finding("label_range", "error", (*path, "columns"), message, "Leave out examples without a class."))  # fmt: skip
    elif is_number and seen.high is not None and reaches:
        findings += _range_findings(item, column, data.labels, int(seen.high), path)
    elif not is_number and seen.counts and item.labels and reaches:
        findings += _foreign_findings(item, sorted(seen.counts, key=natural), path)
    values = list(seen.counts)
    if len(values) == 1 and not seen.missing and reaches:
        word = _named(values[0], item.labels or data.labels) if is_number else values[0]
        if seen.is_whole:
            message = (
                f"All {counted(seen.rows, 'example')} of {item.split} in {name} are of one class, {shown([word])}."
            )
            findings.append(finding("one_class", "warning", (*path, "split"), message, _ONE_CLASS))
        else:
            message = f"The first {counted(seen.rows, 'example')} of {item.split} in {name} are all of one class, {shown([word])}. The rest was not read yet."
            findings.append(finding("one_class", "warning", (*path, "split"), message, f"If that is so to the end: {_ONE_CLASS[0].lower()}{_ONE_CLASS[1:]}"))  # fmt: skip
    return findings


def _range_findings(item: Measure, column: str, named: Sequence[str], high: int, path: Path) -> list[Finding]:
    for names, who in ((named, "the data names"), (item.labels, "the labels name")):
        if names and high >= len(names):
            message = f"{column} in {item.split} of {short_name(item.data)} holds {high}, and {who} {counted(len(names), 'class', 'classes')}: 0 to {len(names) - 1}."
            return [finding("label_range", "error", (*path, "labels"), message, "Name every class, in the order of the numbers.")]  # fmt: skip
    return []


def _foreign_findings(item: Measure, values: list[str], path: Path) -> list[Finding]:
    """As the run maps them: names by name; where either side is numbers only, by number."""
    if not (are_named(values) and are_named(item.labels)) and not set(values) <= set(item.labels):
        return []
    _, found = label_places(
        values, item.labels, our_name=f"{item.split} of {short_name(item.data)}", their_name="the labels asked for"
    )
    consequence = "Give the labels as the data writes them, or leave them out: then they are the data's own."
    return [finding("label_mismatch", "error", (*path, "labels"), entry.message, consequence) for entry in found]


def _named(value: str, names: Sequence[str]) -> str:
    return names[int(value)] if value.isdecimal() and int(value) < len(names) else value
