"""The recipes of `cases`, through mergekit and through us."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.parity.cases import CASES, Case
from tests.parity.checks import CHECKS
from tests.parity.oracles import MERGEKIT, asked
from tests.parity.ours import Run, merged, placed, planned
from tests.parity.report import Row, attempted
from tests.parity.zoo import families_write
from workers.contracts.methods import method_get

# So many recipes each method of mergekit has to have.
LEAST = 3
COMPAT, DEFAULT = "compat", "default"


@dataclass
class Session:
    folder: Path
    families: Mapping[str, Mapping[str, Path]]
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    methods: tuple[str, ...] = ()

    def theirs(self, case: Case) -> list[Path]:
        return [self.folder / "theirs" / slug(case) / str(seed) for seed in range(1, case.seeds + 1)]

    def ask(self, cases: Sequence[Case]) -> None:
        questions = [
            {
                "name": slug(case), "document": placed(case.document, self.families[case.family]),
                "outs": [(seed, str(out)) for seed, out in enumerate(self.theirs(case), 1)],
            }
            for case in cases
        ]  # fmt: skip
        first, *answers = asked(MERGEKIT, "mergekit_oracle.py", questions, self.folder)
        self.methods = tuple(first["methods"])
        self.answers = {answer["name"]: answer for answer in answers}


def slug(case: Case) -> str:
    return f"{case.method}: {case.name}"


def rows(folder: Path, wanted: Sequence[Case]) -> tuple[list[Row], list[str]]:
    """What was compared, and what is wrong with the table of recipes itself."""
    MERGEKIT.ensure()
    session = Session(folder, families_write(folder / "zoo"))
    with ThreadPoolExecutor(1) as pool:
        # Two processes for two cores: ours are made while mergekit makes its own.
        asking = pool.submit(session.ask, wanted)
        made = [_made(session, case, mode) for case in wanted for mode in _modes(case)]
        asking.result()
    found = [_compared(session, one) for one in made]
    return found, _gaps(session.methods) if len(wanted) == len(CASES) else []


def _gaps(methods: Sequence[str]) -> list[str]:
    """Every method that mergekit registers has a row in our table, and recipes here."""
    counts = {name: sum(case.method == name for case in CASES) for name in methods}
    few = [f"{name}: {count} recipes, at least {LEAST} are wanted" for name, count in counts.items() if count < LEAST]
    return few + [
        f"{name}: mergekit has it, our table lacks it" for name in methods if method_get("merge", name) is None
    ]


def _modes(case: Case) -> tuple[str, ...]:
    """`compat: mergekit` for all; the default too, where it gives the same numbers."""
    return (COMPAT,) if case.native else (COMPAT, DEFAULT)


@dataclass
class _Made:
    """Our results of one recipe, or what was complained of."""

    case: Case
    row: Row
    document: dict[str, Any]
    runs: list[Run] = field(default_factory=list)


def _made(session: Session, case: Case, mode: str) -> _Made:
    started = time.monotonic()
    document = placed(case.document, session.families[case.family]) | ({"compat": "mergekit"} if mode == COMPAT else {})
    made = _Made(case, Row(case.method, case.name, case.check, mode), document)
    for seed in range(1, case.seeds + 1):
        out = session.folder / "ours" / mode / slug(case) / str(seed)
        made.row.trouble = attempted(lambda out=out, seed=seed: merged(document | {"seed": seed}, out))
        if made.row.trouble:
            break
        made.runs.append(Run(out))
    made.row.seconds = time.monotonic() - started
    return made


def _compared(session: Session, made: _Made) -> Row:
    case, row = made.case, made.row
    theirs = [Run(out) for out in session.theirs(case)]
    row.trouble = row.trouble or session.answers[slug(case)]["error"]
    row.trouble = row.trouble or attempted(lambda: CHECKS[case.check](made.runs, theirs, planned(made.document)))
    return row
