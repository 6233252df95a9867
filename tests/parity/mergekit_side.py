"""The recipes of `cases`, through mergekit and through us."""

import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.parity.cases import CASES, Case
from tests.parity.checks import CHECKS
from tests.parity.oracles import MERGEKIT, asked
from tests.parity.ours import Run, merged, placed, planned
from tests.parity.report import Row
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
    session.ask(wanted)
    found = [_row(session, case, mode) for case in wanted for mode in _modes(case)]
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


def _row(session: Session, case: Case, mode: str) -> Row:
    started = time.monotonic()
    row = Row(case.method, case.name, case.check, mode)
    try:
        row.trouble = session.answers[slug(case)]["error"] or _compared(session, case, mode)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        row.trouble = f"{type(error).__name__}: {error} [{Path(place.filename).name}:{place.lineno}]"
    row.seconds = time.monotonic() - started
    return row


def _compared(session: Session, case: Case, mode: str) -> str:
    document = placed(case.document, session.families[case.family]) | ({"compat": "mergekit"} if mode == COMPAT else {})
    ours = []
    for seed in range(1, case.seeds + 1):
        out = session.folder / "ours" / mode / slug(case) / str(seed)
        if complaint := merged(document | {"seed": seed}, out):
            return complaint
        ours.append(Run(out))
    return CHECKS[case.check](ours, [Run(out) for out in session.theirs(case)], planned(document))
