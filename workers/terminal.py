"""What a person at a terminal sees: findings in colour, a progress bar on one line. Plain lines where there is no terminal."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from typing import TextIO

from workers.contracts.findings import Finding

_COLOURS = {"error": "31", "warning": "33", "info": "36", "ok": "32", "dim": "2"}
_REDRAW_S = 0.1
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def painted(text: str, colour: str, stream: TextIO) -> str:
    """`text` in that colour where the stream is a terminal and NO_COLOR is not set."""
    if not stream.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{_COLOURS[colour]}m{text}\033[0m"


def size_text(size_bytes: float) -> str:
    size = float(size_bytes)
    for unit in _UNITS[:-1]:
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} {_UNITS[-1]}"


def show_findings(findings: Iterable[Finding], stream: TextIO | None = None) -> None:
    """One block each, errors first: severity and message, place, consequence, ways out."""
    out = stream or sys.stderr
    order = {"error": 0, "warning": 1, "info": 2}
    for finding in sorted(findings, key=lambda finding: order[finding.severity]):
        place = finding.where if finding.line is None else f"line {finding.line}, {finding.where}".removesuffix(", ")
        where = painted(f"  ({_printable(place)})", "dim", out) if place else ""
        out.write(f"{painted(finding.severity, finding.severity, out)}: {_printable(finding.message)}{where}\n")
        if finding.consequence:
            out.write(f"    {_printable(finding.consequence)}\n")
        for repair in finding.repair:
            out.write(f"    → {_printable(repair.label)}\n")
    out.flush()


def _printable(text: str) -> str:
    # SECURITY: messages quote names from files of strangers; control characters would act on the terminal.
    return "".join(character for character in text if character.isprintable())


class Bar:
    """A progress bar on one line of a terminal; silent elsewhere."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._out, self._clock = stream or sys.stderr, clock
        self._is_shown, self._next = False, 0.0

    def show(self, done: float, total: float, unit: str, message: str) -> None:
        now = self._clock()
        if not self._out.isatty() or total <= 0 or (done < total and now < self._next):
            return
        self._next = now + _REDRAW_S
        columns = shutil.get_terminal_size().columns
        width = max(10, min(40, columns - 50))
        filled = int(width * min(done / total, 1.0))
        amount = f"{size_text(done)} of {size_text(total)}" if unit == "bytes" else f"{done:g} of {total:g} {unit}"
        line = f"{'█' * filled}{'░' * (width - filled)} {done / total:4.0%}  {amount}  {_printable(message)}"
        self._out.write(f"\r\033[K{line[: columns - 1]}")
        self._out.flush()
        self._is_shown = True

    def clear(self) -> None:
        if self._is_shown:
            self._out.write("\r\033[K")
            self._out.flush()
            self._is_shown = False
