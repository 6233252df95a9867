"""What a person at a terminal sees: findings in colour, a progress bar on one line. Plain lines where there is no terminal."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from typing import TextIO

from workers.contracts.findings import Finding
from workers.planning.check import in_order
from workers.planning.wording import printable, size_text

_COLOURS = {"error": "31", "warning": "33", "info": "36", "ok": "32", "dim": "2"}
_REDRAW_S = 0.1


def painted(text: str, colour: str, stream: TextIO) -> str:
    """`text` in that colour where the stream is a terminal and NO_COLOR is not set."""
    if not stream.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{_COLOURS[colour]}m{text}\033[0m"


def show_findings(findings: Iterable[Finding], stream: TextIO | None = None) -> None:
    """One block each, errors first: severity and message, consequence, place and code, ways out."""
    out = stream or sys.stderr
    for finding in in_order(tuple(findings)):
        line = f" (line {finding.line})" if finding.line is not None else ""
        place = " · ".join(part for part in (f"{finding.where}{line}".strip(), finding.code) if part)
        out.write(f"{painted(finding.severity, finding.severity, out)}: {printable(finding.message)}\n")
        if finding.consequence:
            out.write(f"  {printable(finding.consequence)}\n")
        out.write(f"  {painted(printable(place), 'dim', out)}\n")
        for repair in finding.repair:
            out.write(f"  → {printable(repair.label)}\n")
    out.flush()


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
        line = f"{'█' * filled}{'░' * (width - filled)} {done / total:4.0%}  {amount}  {printable(message)}"
        self._out.write(f"\r\033[K{line[: columns - 1]}")
        self._out.flush()
        self._is_shown = True

    def clear(self) -> None:
        if self._is_shown:
            self._out.write("\r\033[K")
            self._out.flush()
            self._is_shown = False
