"""Some rows of a dataset on its page, and how many rows and examples of each class its splits have. Nothing is read whole."""

from dataclasses import dataclass
from typing import Any

from hub.pages.benchmarks.examples import ExampleCell, words_of
from hub.pages.entry import Opened
from hub.pages.numbers import thousands
from hub.pages.samples.pictures import Picture
from hub.pages.samples.split import spread_rows
from workers.contracts.facts import Seen
from workers.planning.columns import NUMERIC, SYNONYMS

ROWS, PICTURES, COLUMNS, CLASSES = 8, 16, 12, 20
_LABELS = ("label", *SYNONYMS["label"])


@dataclass(frozen=True)
class SplitLine:
    """`words` say how many rows there are, or that they were not counted."""

    name: str
    words: str
    is_here: bool


@dataclass(frozen=True)
class ClassTable:
    """`rows` are (class, examples in each split as words); `note` says where only the first rows were counted."""

    column: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    left: int = 0
    note: str = ""


@dataclass(frozen=True)
class Preview:
    """`rows` are (number, cells) as for the examples of a benchmark; `reason` says why there are none, `problem` what is wrong with the split."""

    splits: tuple[SplitLine, ...]
    split: str
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[int, list[ExampleCell]], ...] = ()
    reason: str = ""
    problem: str = ""
    classes: ClassTable | None = None
    hidden_columns: int = 0

    @property
    def has_pictures(self) -> bool:
        return any(cell.picture for _, cells in self.rows for cell in cells)


def preview_of(opened: Opened, *, split: str, user: Any) -> Preview | None:
    """None for a repo without a split. SECURITY: rows are for those who may open the files; counts are facts, as on the label."""
    facts = opened.facts
    if not facts.splits or opened.repo.disabled_reason:
        return None
    chosen = split if split in facts.splits else next((name for name in ("test", "validation", "train") if name in facts.splits), next(iter(facts.splits)))  # fmt: skip
    lines = tuple(SplitLine(name, _rows_words(count), name == chosen) for name, count in facts.splits.items())
    has_pictures = "image" in facts.columns.values()
    sampled = spread_rows(
        opened.repo, opened.commit, chosen, PICTURES if has_pictures else ROWS, count=facts.splits[chosen], user=user
    )  # fmt: skip
    column = _label_column(opened)
    shown = _shown(list(sampled.columns), column)
    rows = tuple(
        (number, [_cell(sampled.columns[name][place], facts.labels if name == column else ()) for name in shown])
        for place, number in enumerate(sampled.rows)
    )
    return Preview(
        lines, chosen, tuple(shown), rows, sampled.reason, facts.problems.get(chosen, ""), _classes(opened, column),
        len(sampled.columns) - len(shown),
    )  # fmt: skip


def _shown(names: list[str], label: str) -> list[str]:
    """The first columns in the order of the file, and the one that holds the classes."""
    first = names[:COLUMNS]
    return [*first[:-1], label] if label in names and label not in first else first


def _rows_words(count: int) -> str:
    return "rows not counted" if count < 0 else f"{thousands(count)} row" if count == 1 else f"{thousands(count)} rows"


def _label_column(opened: Opened) -> str:
    """The column that the classes stand in: by the names that people give it; "" where there is none."""
    held = {name.lower(): name for name in opened.facts.columns}
    return next((held[name] for name in _LABELS if name in held), "")


def _classes(opened: Opened, column: str) -> ClassTable | None:
    facts = opened.facts
    found: dict[str, Seen] = {
        split: seen for split in facts.splits if (seen := facts.seen.get(split, {}).get(column)) is not None and seen.counts
    }  # fmt: skip
    if not found or (max(len(seen.counts) for seen in found.values()) > max(CLASSES, len(facts.labels)) and not facts.labels):  # fmt: skip
        return None
    is_number = facts.columns.get(column, "") in NUMERIC
    values = list(dict.fromkeys(value for seen in found.values() for value in seen.counts))
    values.sort(key=lambda value: (0, int(value), "") if value.lstrip("-").isdecimal() and len(value) < 10 else (1, 0, value))  # fmt: skip
    rows = tuple(
        (_class_words(value, facts.labels if is_number else ()), tuple(thousands(seen.counts.get(value, 0)) for seen in found.values()))
        for value in values[:CLASSES]
    )  # fmt: skip
    cut = [f"the first {thousands(seen.rows)} rows of {split}" for split, seen in found.items() if not seen.is_whole]
    note = f"Counted in {' and in '.join(cut)}." if cut else ""
    return ClassTable(column, tuple(found), rows, max(0, len(values) - CLASSES), note)


def _class_words(value: str, labels: tuple[str, ...]) -> str:
    return f"{labels[int(value)]}" if value.isdecimal() and int(value) < len(labels) else value


def _cell(value: Any, labels: tuple[str, ...]) -> ExampleCell:
    return ExampleCell(picture=value) if isinstance(value, Picture) else ExampleCell(words_of(value, labels))
