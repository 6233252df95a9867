"""What a merge learns from, one dataset a line: `ns/name`, the split after a space if it is not train."""

from typing import Any

from hub.pages.making.values import text_of

SPLIT = "train"
_SHOWN = {"data", "split"}


def fits(value: Any) -> bool:
    """Whether lines can say all of it: columns and the like stay text."""
    return isinstance(value, list) and all(
        isinstance(row, dict) and row.keys() <= _SHOWN and isinstance(row.get("data"), str) for row in value
    )


def lines_of(value: Any) -> str:
    rows = value if isinstance(value, list) else []
    return "\n".join(
        text_of(row.get("data")) + ("" if row.get("split", SPLIT) == SPLIT else f" {text_of(row['split'])}")
        for row in rows
    )


def rows_of(text: str) -> list[dict[str, str]]:
    rows = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, _, split = line.partition(" ")
        rows.append({"data": name} | ({"split": split.strip()} if split.strip() else {}))
    return rows
