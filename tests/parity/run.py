"""`make parity`: the same recipes through mergekit and through us, and what differs. Prints one table; ends non-zero on a failure."""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.parity.cases import CASES, Case
from tests.parity.checks import CHECKS
from tests.parity.oracles import MERGEKIT, asked
from tests.parity.ours import HAS_COMPAT, Run, merged, placed, planned
from tests.parity.zoo import families_write
from workers.contracts.methods import method_get

# So many recipes each method of mergekit has to have.
LEAST = 3
COMPAT, DEFAULT = "compat", "default"


@dataclass
class Result:
    case: Case
    mode: str
    trouble: str = ""
    is_skipped: bool = False
    seconds: float = 0.0

    @property
    def word(self) -> str:
        return "n/a" if self.is_skipped else "FAIL" if self.trouble else "pass"


@dataclass
class Session:
    folder: Path
    families: Mapping[str, Mapping[str, Path]]
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    methods: tuple[str, ...] = ()

    def theirs(self, case: Case) -> list[Path]:
        return [self.folder / "theirs" / _slug(case) / str(seed) for seed in range(1, case.seeds + 1)]

    def ask(self, cases: list[Case]) -> None:
        questions = [
            {
                "name": _slug(case), "document": placed(case.document, self.families[case.family]),
                "outs": [(seed, str(out)) for seed, out in enumerate(self.theirs(case), 1)],
            }
            for case in cases
        ]  # fmt: skip
        first, *answers = asked(MERGEKIT, "mergekit_oracle.py", questions, self.folder)
        self.methods = tuple(first["methods"])
        self.answers = {answer["name"]: answer for answer in answers}


def main() -> int:
    given = _arguments()
    started = time.monotonic()
    MERGEKIT.ensure()
    cases = [case for case in CASES if not given.only or any(word in _slug(case) for word in given.only)]
    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        session = Session(Path(folder), families_write(Path(folder) / "zoo"))
        session.ask(cases)
        asked_s = time.monotonic() - started
        results = [_result(session, case, mode) for case in cases for mode in _modes(case)]
    return _report(session, results, given.only, asked_s, time.monotonic() - started)


def _modes(case: Case) -> tuple[str, ...]:
    """`compat: mergekit` for all; the default too, where it gives the same numbers."""
    return (COMPAT,) if case.native else (COMPAT, DEFAULT) if HAS_COMPAT else (DEFAULT,)


def _result(session: Session, case: Case, mode: str) -> Result:
    started = time.monotonic()
    result = Result(case, mode)
    if method_get("merge", case.method) is None or (mode == COMPAT and not HAS_COMPAT):
        result.is_skipped = True
        return result
    try:
        result.trouble = session.answers[_slug(case)]["error"] or _compared(session, case, mode)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        result.trouble = f"{type(error).__name__}: {error} [{Path(place.filename).name}:{place.lineno}]"
    result.seconds = time.monotonic() - started
    return result


def _compared(session: Session, case: Case, mode: str) -> str:
    document = placed(case.document, session.families[case.family]) | ({"compat": "mergekit"} if mode == COMPAT else {})
    ours = []
    for seed in range(1, case.seeds + 1):
        out = session.folder / "ours" / mode / _slug(case) / str(seed)
        if complaint := merged(document | {"seed": seed}, out):
            return complaint
        ours.append(Run(out))
    return CHECKS[case.check](ours, [Run(out) for out in session.theirs(case)], planned(document))


def _slug(case: Case) -> str:
    return f"{case.method}: {case.name}"


def _report(session: Session, results: list[Result], only: list[str], asked_s: float, seconds: float) -> int:
    width = max(len(result.case.name) for result in results)
    out, method = [""], ""
    for result in results:
        if result.case.method != method:
            method = result.case.method
            out.append(method)
        out.append(
            f"  {result.case.name:{width}}  {result.case.check:11}  {result.mode:7}  {result.word:4}  {result.seconds:5.2f} s"
        )
    counts = {name: sum(case.method == name for case in CASES) for name in session.methods}
    few = [
        f"{name} ({count})" for name, count in counts.items() if count < LEAST and method_get("merge", name) is not None
    ]
    missing = [name for name in session.methods if method_get("merge", name) is None]
    failed = [result for result in results if result.word == "FAIL"]
    out += [""] + [f"FAILED {_slug(result.case)} ({result.mode}): {result.trouble[:600]}" for result in failed]
    if few and not only:
        out.append(f"FAILED methods of mergekit with fewer than {LEAST} recipes: {', '.join(few)}")
    if missing:
        out.append(f"methods of mergekit that our table lacks: {', '.join(missing)}")
    passed, skipped = (sum(result.word == word for result in results) for word in ("pass", "n/a"))
    broken = len(failed) + bool(few and not only)
    words = [f"{broken} failed"] * bool(broken) + [f"{passed} passed"] + [f"{skipped} skipped"] * bool(skipped)
    out.append(f"mergekit answered after {asked_s:.0f} s")
    out.append(f"========== {', '.join(words)} in {seconds:.2f}s ==========")
    sys.stdout.write("\n".join(out) + "\n")
    return 1 if broken or not passed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make parity")
    parser.add_argument("--only", nargs="*", default=[], help="words of the method's or the recipe's name")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
