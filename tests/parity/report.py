"""What was compared, as one table."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Row:
    method: str
    name: str
    check: str
    mode: str
    trouble: str = ""
    is_skipped: bool = False
    seconds: float = 0.0

    @property
    def word(self) -> str:
        return "n/a" if self.is_skipped else "FAIL" if self.trouble else "pass"


def attempted(compare: Callable[[], str]) -> str:
    """What it says, or the error it ends with: one comparison that fails stops none of the others."""
    try:
        return compare()
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error} [{Path(place.filename).name}:{place.lineno}]"


def report(rows: Sequence[Row], gaps: Sequence[str], seconds: float) -> tuple[str, int]:
    """The text, and the exit status."""
    width = max((len(row.name) for row in rows), default=0)
    out, method = [""], ""
    for row in rows:
        if row.method != method:
            method = row.method
            out.append(method)
        out.append(f"  {row.name:{width}}  {row.check:11}  {row.mode:7}  {row.word:4}  {row.seconds:5.2f} s")
    out.append("")
    failed = [row for row in rows if row.word == "FAIL"]
    out += [f"FAILED {row.method}: {row.name} ({row.mode}): {row.trouble[:600]}" for row in failed]
    out += [f"FAILED {gap}" for gap in gaps]
    passed, skipped = (sum(row.word == word for row in rows) for word in ("pass", "n/a"))
    broken = len(failed) + len(gaps)
    words = [f"{broken} failed"] * bool(broken) + [f"{passed} passed"] + [f"{skipped} skipped"] * bool(skipped)
    out.append(f"========== {', '.join(words)} in {seconds:.2f}s ==========")
    return "\n".join(out) + "\n", 1 if broken or not passed else 0
