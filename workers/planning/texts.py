"""Tables of text (jsonl, csv), as far as they were read: columns with their kinds, what was seen in them, and what speaks against them."""

import csv
import io
import json
from dataclasses import dataclass, field
from typing import Any

from workers.contracts.facts import Seen
from workers.planning.kinds import WORDS, cell_kind, joined_cells, joined_kind, kind_of
from workers.planning.seen import Tally
from workers.planning.wording import counted, printable


@dataclass
class Table:
    """`problem` is the first thing for which the split is refused when it is measured; "" while none was seen."""

    rows: int = 0
    kinds: dict[str, str] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    problem: str = ""

    def trouble(self, message: str) -> None:
        self.problem = self.problem or printable(message)

    def see(self, name: str, kind: str | None, value: Any, word: str | None = None) -> None:
        """One value of the row that is being read, the `rows`-th."""
        self.kinds[name] = kind or "other"
        tally = self.tallies.setdefault(name, Tally())
        tally.skip(self.rows - tally.rows)
        tally.see(value, word)

    def seen(self, *, is_whole: bool) -> dict[str, Seen]:
        for tally in self.tallies.values():
            tally.skip(self.rows - tally.rows)
        found = {name: tally.seen(is_whole=is_whole) for name, tally in self.tallies.items()}
        # Numbers that are read as text because others of the column are no numbers are told apart as text.
        return {
            name: seen.model_copy(update={"low": None, "high": None}) if self.kinds[name] == "text" else seen
            for name, seen in found.items()
        }


def read_jsonl(table: Table, text: str, path: str) -> None:
    """Raises ValueError for a line that is no JSON object."""

    def no_constant(name: str) -> None:
        table.trouble(f"A line of {path} holds {name}, which JSON has not.")

    decode = json.JSONDecoder(parse_constant=no_constant).decode
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        row = decode(line)
        if not isinstance(row, dict):
            raise ValueError("not an object")
        for name, value in row.items():
            kind, held = kind_of(value), table.kinds.get(name, "null")
            joined = joined_kind(held, kind)
            if joined is None:
                table.trouble(
                    f"Line {number} of {path} has {WORDS[kind]} in {name[:60]}, the rows before have {WORDS[held]}. "
                    "A column holds one kind of value."
                )
            table.see(name, joined or held, value)
        table.rows += 1


def read_csv(table: Table, text: str, path: str, delimiter: str, *, is_cut: bool) -> None:
    """Raises csv.Error where not even the first row can be read."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    header = [cell.strip() for cell in next(lines, [])]
    if not all(header) or len(set(header)) < len(header):
        table.trouble(f"The first line of {path} must name every column, and each by a name of its own.")
    if table.kinds and list(table.kinds) != header:
        table.trouble(f"{path} has other columns than the files before it.")
    for name in header:
        table.kinds.setdefault(name, "null")
    try:
        for cells in lines:
            if len(cells) == len(header):
                for name, cell in zip(header, cells, strict=True):
                    kind = cell_kind(cell)
                    table.see(name, joined_cells(table.kinds[name], kind), _value(cell, kind), cell)
                table.rows += 1
            elif cells:
                table.trouble(
                    f"Line {lines.line_num} of {path} has {counted(len(cells), 'cell')}, the first line {len(header)}. "
                    "Cells that hold a comma or a line break stand in double quotes."
                )
    except csv.Error as error:
        if not table.rows:
            raise
        # The last cell of a file that was read in part may stand open, and longer cells are read than here.
        if not is_cut and "field larger" not in str(error):
            table.trouble(f"{path} is no table of cells after line {lines.line_num}: {error}.")


def _value(cell: str, kind: str) -> Any:
    return None if kind == "null" else cell if kind == "text" else int(cell) if kind == "int" else float(cell)
