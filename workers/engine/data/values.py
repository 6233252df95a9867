"""VALUES of a role as models take them, and the check that every one of them is there and is what it should be."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workers.contracts.tasks import Column
from workers.engine.data.refusals import refused

if TYPE_CHECKING:
    from workers.engine.data.examples import Examples

_STEP = 1024


def values_of(role: Column, columns: list[Any], name: str) -> Any:
    """One role's values of a few rows, from the columns that play it. See `Examples.take` for the forms."""
    if role.kind == "image":
        pictures = list(columns[0])
        return np.stack(pictures) if len({picture.shape for picture in pictures}) == 1 else pictures
    if role.kind != "numbers":
        return list(columns[0])
    if len(columns) > 1 or not _holds_lists(columns[0]):
        return np.stack([_numbers(column, name) for column in columns], axis=1)
    rows = columns[0]
    if isinstance(rows, np.ndarray):
        return np.ascontiguousarray(rows, dtype=np.float64)
    widths = {len(row) if row is not None else -1 for row in rows}
    if len(widths) > 1 or -1 in widths:
        told = ", ".join("none" if width < 0 else str(width) for width in sorted(widths)[:6])
        raise refused(
            "data_ragged", f"The features of {name} have different lengths: {told}. Every row needs the same."
        )
    return np.array([[np.nan if item is None else item for item in row] for row in rows], dtype=np.float64)


def check_values(examples: "Examples") -> None:
    """Looks at every text and every row of features once. Pictures were looked at when the split was opened."""
    kinds = {column.role: column.kind for column in examples.table.columns}
    roles = [role for role in examples.inputs if kinds[role] != "image"]
    if not roles:
        return
    missing = dict.fromkeys(roles, 0)
    width: int | None = None
    for start in range(0, len(examples), _STEP):
        rows = np.arange(start, min(start + _STEP, len(examples)))
        for role, values in examples.take_roles(rows, roles).items():
            if isinstance(values, np.ndarray):
                missing[role] += int((~np.isfinite(values)).any(axis=1).sum())
                if width is not None and values.shape[1] != width:
                    message = f"The features of {examples.name} have different lengths: {width} and {values.shape[1]}."
                    raise refused("data_ragged", message, "Every row needs the same.")
                width = values.shape[1]
            else:
                missing[role] += sum(
                    value is None or (isinstance(value, list) and not _is_whole(value)) for value in values
                )
        if "choices" in roles:
            _check_choices(examples, rows)
    for role, count in missing.items():
        if count and kinds[role] == "numbers":
            message = f"{count} of {len(examples)} rows of {role} in {examples.name} hold NaN, infinity or nothing."
            raise refused("data_not_finite", message, "Fill them in, or leave these rows out.")
        if count:
            raise refused("data_null", f"{count} of {len(examples)} examples of {examples.name} have no {role}.")


def _check_choices(examples: "Examples", rows: NDArray[np.int64]) -> None:
    counts = np.array([len(choices or ()) for choices in examples.take_roles(rows, ["choices"])["choices"]])
    gold = examples.gold(rows)
    wrong = np.flatnonzero((gold >= counts) & (counts > 0))
    if len(wrong):
        row = int(wrong[0])
        message = (
            f"Example {int(rows[row])} of {examples.name} says that choice {gold[row]} is right, and has {counts[row]}."
        )
        raise refused("label_range", message, "Choices are numbered from 0, or lettered from A.")


def _is_whole(choices: list[Any]) -> bool:
    return bool(choices) and all(choice is not None for choice in choices)


def _holds_lists(column: Any) -> bool:
    if isinstance(column, np.ndarray):
        return column.ndim > 1
    return any(isinstance(value, list) for value in column) or all(value is None for value in column)


def _numbers(column: Any, name: str) -> Any:
    if isinstance(column, np.ndarray):
        return column.astype(np.float64)
    return np.array([np.nan if value is None else value for value in column], dtype=np.float64)
