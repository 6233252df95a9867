"""Progress of a long command on the terminal, and its end: a sentence, or JSON for scripts."""

import sys
from collections.abc import Callable, Iterable
from typing import Any

from hub.cli.report import json_print
from workers.terminal import Bar

EXPLAINED = ("NotRunning", "EmbeddedError", "BackupError", "DriverError", "OperationalError")


def bar_tell(bar: Bar) -> Callable[[float, float, str, str], None]:
    """Bytes as a bar; a step that cannot be counted as its name, once it begins."""

    def tell(done: float, total: float, unit: str, message: str) -> None:
        if unit == "bytes" or total > 1:
            bar.show(done, total, unit, message)
        elif not done:
            bar.clear()
            sys.stderr.write({"dump": "Dumping", "restore": "Restoring"}.get(unit, unit) + f" {message} …\n")

    return tell


def end(summary: dict[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
    if as_json:
        json_print(summary)
    else:
        sys.stdout.write("".join(f"{line}\n" for line in lines))


def explained(action: Callable[[], int]) -> int:
    """Runs `action`; what a person can mend is one sentence and exit code 1, anything else a traceback."""
    try:
        return action()
    except Exception as error:
        if not any(kind.__name__ in EXPLAINED for kind in type(error).__mro__):
            raise
        sys.stderr.write(f"genepool: {str(error).strip()}\n")
        return 1
