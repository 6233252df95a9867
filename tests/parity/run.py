"""`make parity`: the same recipes through mergekit and peft and through us, and what differs. Prints one table; ends non-zero on a failure."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.parity import adapted_side, experts_side, mergekit_side, peft_side
from tests.parity.adapted import APPLIED, MERGES
from tests.parity.adapters import COMBINATIONS
from tests.parity.cases import CASES
from tests.parity.experts_side import MIXTURES
from tests.parity.report import report


def main() -> int:
    words = _arguments().only
    started = time.monotonic()
    cases = [case for case in CASES if _is_wanted(mergekit_side.slug(case), words)]
    combinations = [entry for entry in COMBINATIONS if _is_wanted(peft_side.slug(entry), words)]
    adapted = [entry for entry in (*APPLIED, *MERGES) if _is_wanted(adapted_side.slug(entry), words)]
    mixtures = [entry for entry in MIXTURES if _is_wanted(experts_side.slug(entry), words)]
    rows, gaps = [], []
    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        sides = ((mergekit_side, cases), (peft_side, combinations), (adapted_side, adapted), (experts_side, mixtures))
        for side, wanted in sides:
            if wanted:
                found, missing = side.rows(Path(folder), wanted)
                rows += found
                gaps += missing
                sys.stdout.write(
                    f"{side.__name__.rpartition('.')[2]}: {len(found)} comparisons after {time.monotonic() - started:.0f} s\n"
                )
                sys.stdout.flush()
    text, status = report(rows, gaps, time.monotonic() - started)
    sys.stdout.write(text)
    return status


def _is_wanted(name: str, words: list[str]) -> bool:
    return not words or any(word in name for word in words)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make parity")
    parser.add_argument("--only", nargs="*", default=[], help="words of the method's or the recipe's name")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
