"""What surrounds every chart: a title that states the finding, a sentence, a legend, the same as a table, and CSV."""

import csv
import io
from dataclasses import dataclass, field

from django.utils.safestring import SafeString


@dataclass
class Table:
    head: list[str]
    rows: list[list[object]]
    caption: str = ""


@dataclass
class Figure:
    """`opening` is the number the sentence begins with, in bold."""

    title: str
    sentence: str
    pictures: list[SafeString]
    table: Table
    legend: list[tuple[SafeString, str]] = field(default_factory=list)
    csv_url: str = ""
    opening: str = ""
    more: list[tuple[str, str]] = field(default_factory=list)


def table_csv(table: Table) -> str:
    """SECURITY: cells that a spreadsheet would take for a formula get a leading apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in [table.head, *table.rows]:
        writer.writerow([_inert(cell) for cell in row])
    return out.getvalue()


def _inert(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
