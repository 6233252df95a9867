"""EXAMPLES: a split as one task sees it. Columns play roles, classes have numbers, every example has an identity.

Everything that measures, trains or ranks takes its data from here, a batch of rows at a time.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.contracts.findings import Finding
from workers.contracts.tasks import Task, task_get
from workers.engine.data.gold import Gold, gold_of
from workers.engine.data.identity import identities
from workers.engine.data.refusals import noticed, refused, refused_all
from workers.engine.data.splits import Split
from workers.engine.data.values import check_values, values_of
from workers.planning.columns import INDEX, gold_role, roles_of

Batch = dict[str, Any]
_STEP = 256


class Examples:
    """`labels` are the class names in index order (`()` where the task has none), `index` int64 `[n]` each example's number in

    its collection, `warnings` what was noticed and does not stop anything.
    """

    def __init__(
        self, split: Split, task: Task, roles: Mapping[str, tuple[str, ...]], gold: Gold | None, length: int,
    ) -> None:  # fmt: skip
        self.split, self.task, self.name = split, task.name, str(split)
        self.roles = dict(roles)
        self.labels: tuple[str, ...] = gold.labels if gold else ()
        self.warnings: list[Finding] = []
        self.table, self._gold, self._length = task, gold, length
        self.inputs = {role: held for role, held in self.roles.items() if gold is None or role != gold.role}
        self.index: NDArray[np.int64] = _index(split, length)

    def __len__(self) -> int:
        return self._length

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> Batch:
        """The inputs of `rows` by role, without the gold answers.

        image: float32 `[b, c, h, w]` in 0-1, or a list of `[c, h, w]` where sizes differ; features: float64 `[b, width]`;
        text, text_pair, question, query, document: list of str; choices: list of lists of str.
        """
        return self.take_roles(rows, self.inputs)

    def take_roles(self, rows: Sequence[int] | NDArray[np.int64], roles: Collection[str]) -> Batch:
        """As `take`, of some of the inputs."""
        taken = self.split.take(rows, [column for role in roles for column in self.inputs[role]])
        return {
            column.role: values_of(column, [taken[name] for name in self.inputs[column.role]], self.name)
            for column in self.table.columns if column.role in roles
        }  # fmt: skip

    def gold(self, rows: Sequence[int] | NDArray[np.int64]) -> Any:
        """int64 `[b]` class indices, float64 `[b]` numbers, or a list of str; None for a task whose inputs are all there is."""
        return None if self._gold is None else self._gold.take(np.asarray(rows, dtype=np.int64))

    def shas(self, rows: Sequence[int] | NDArray[np.int64] | None = None) -> list[str]:
        """sha256 of each example, inputs and gold: the same example has the same one in any order, file and format.

        A picture counts by its float32 pixels and its class as int64, both little-endian; anything else by canonical JSON, in
        which a class stands by name.
        """
        return [sha for batch in self._batches(rows) for sha in identities(self, batch, with_gold=True)]

    def input_shas(self, rows: Sequence[int] | NDArray[np.int64] | None = None) -> list[str]:
        """As `shas`, with the gold answers left out."""
        return [sha for batch in self._batches(rows) for sha in identities(self, batch, with_gold=False)]

    def duplicates(self) -> int:
        """How many examples say again, with the same answer, what an earlier one said."""
        seen: set[bytes] = set()
        for batch in self._batches(None):
            seen.update(bytes.fromhex(sha)[:16] for sha in identities(self, batch, with_gold=True))
        return len(self) - len(seen)

    def slice_values(self, column: str) -> list[str]:
        """The values of a column as text, one for each example: what tables are cut by, and what belongs together."""
        if column not in self.split.columns:
            held = ", ".join(self.split.columns)
            raise refused("column_missing", f"{self.name} has no column {column}. It has {held}.")
        names = self.split.names.get(column, ())
        values: list[str] = []
        for rows in self._batches(None):
            values += [_shown(value, names) for value in self.split.take(rows, [column])[column]]
        return values

    def _batches(self, rows: Sequence[int] | NDArray[np.int64] | None) -> Iterator[NDArray[np.int64]]:
        places = np.arange(len(self)) if rows is None else np.asarray(rows, dtype=np.int64)
        for start in range(0, len(places), _STEP):
            yield places[start : start + _STEP]


def examples_of(
    split: Split,
    task: str,
    *,
    columns: Mapping[str, str] | None = None,
    labels: Sequence[str] = (),
    limit: int | None = None,
    name: str = "",
    labelled: bool = True,
) -> Examples:
    """`split` as examples of `task`, checked from the first row to the last.

    Args:
        columns: role → column where the names do not say it; for features also several, with commas between.
        labels: the class names in index order; the data's classes are mapped to them by name. Left out, they are the data's.
        limit: take the first so many.
        name: what messages call the data.
        labelled: whether right answers are asked for. Without them only the inputs need be there, and nothing else is read.

    Raises:
        UserError: with all findings at once: missing columns, classes that differ, values that are missing or no numbers.
    """
    row = task_get(task)
    if row is None:
        raise refused("task_unknown", f"There is no task {task}.")
    called = name or str(split)
    if not labelled:
        row = replace(row, columns=tuple(column for column in row.columns if column.role != gold_role(row)))
    roles, findings = roles_of(row, split.columns, columns or {}, name=called)
    if findings:
        raise refused_all(findings)
    length = len(split) if limit is None else min(limit, len(split))
    if length == 0:
        raise refused("data_empty", f"{called} holds no examples.")
    wanted = gold_role(row)
    gold = gold_of(split, row, wanted, roles[wanted], length, tuple(labels), called) if wanted else None
    examples = Examples(split, row, roles, gold, length)
    examples.name = called
    check_values(examples)
    if gold is not None and row.is_classification and len(gold.present) == 1:
        message = f"All {length} examples of {called} are of one class, {examples.labels[gold.present[0]]}."
        examples.warnings.append(noticed("one_class", message, "A model that always says so is right every time."))
    return examples


def _index(split: Split, length: int) -> NDArray[np.int64]:
    rows = np.arange(length)
    if split.columns.get(INDEX, "") not in ("int64", "int32"):
        return rows
    held = split.take(rows, [INDEX])[INDEX]
    return np.asarray(held, dtype=np.int64) if isinstance(held, np.ndarray) else rows


def _shown(value: Any, names: Sequence[str]) -> str:
    if value is None:
        return ""
    if names and isinstance(value, (int, np.integer)) and 0 <= value < len(names):
        return names[int(value)]
    return str(value.item() if isinstance(value, np.generic) else value)
