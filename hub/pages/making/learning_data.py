"""What a merge learns from, one dataset a line: `ns/name split role=column …`, the split and the columns only where they are needed."""

from typing import Any

from hub.pages.making.values import text_of

SPLIT = "train"
_SHOWN = {"data", "split", "columns"}


def fits(value: Any) -> bool:
    """Whether lines can say all of it: what has spaces or equals signs in its names stays text."""
    return isinstance(value, list) and all(isinstance(row, dict) and _is_line(row) for row in value)


def _is_line(row: dict[str, Any]) -> bool:
    columns = row.get("columns", {})
    if not row.keys() <= _SHOWN or not isinstance(row.get("data"), str) or not isinstance(columns, dict):
        return False
    words = [row.get("split", SPLIT), *columns, *columns.values()]
    return len(row["data"].split()) == 1 and all(
        isinstance(word, str) and len(word.split()) == 1 and "=" not in word and word == word.strip() for word in words
    )


def lines_of(value: Any) -> str:
    return "\n".join(map(_line, value if isinstance(value, list) else []))


def _line(row: dict[str, Any]) -> str:
    split, columns = text_of(row.get("split", SPLIT)), row.get("columns") or {}
    words = [text_of(row.get("data")), *([split] if split != SPLIT else [])]
    return " ".join([*words, *(f"{role}={column}" for role, column in columns.items())])


def rows_of(text: str) -> list[dict[str, Any]]:
    rows = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, *words = line.split()
        split = " ".join(word for word in words if "=" not in word)
        columns = dict(word.split("=", 1) for word in words if "=" in word)
        rows.append({"data": name} | ({"split": split} if split else {}) | ({"columns": columns} if columns else {}))
    return rows
