"""The combinations of `adapters`, through peft and through us, and both against the definition where peft is wrong."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from tests.parity import chance
from tests.parity.adapters import COMBINATIONS, Combination, adapters_write, changes_of, defined, factors_of
from tests.parity.oracles import PEFT, asked
from tests.parity.ours import merged
from tests.parity.report import Row, attempted
from workers.contracts.methods import method_get

Changes = Mapping[str, torch.Tensor]
# Relative, in the Frobenius norm: what float32 leaves of a decomposition.
RELATIVE = 1e-5
PEFT_SIDE, OURS = "peft", "ours"


def slug(combination: Combination) -> str:
    return f"adapter_{combination.type}: {combination.name}"


def rows(folder: Path, wanted: Sequence[Combination]) -> tuple[list[Row], list[str]]:
    """Two rows each: peft against the definition, which a known defect must miss, and ours against peft or the definition."""
    PEFT.ensure()
    folders = adapters_write(folder / "adapters")
    theirs = {
        slug(entry): [folder / "peft" / slug(entry) / str(seed) for seed in range(1, entry.seeds + 1)]
        for entry in wanted
    }
    questions = [
        {
            "name": slug(entry), "adapters": [str(folders[name]) for name in entry.sources], "weights": entry.weights,
            "type": entry.type, "options": entry.options, "outs": [(seed, str(out)) for seed, out in enumerate(theirs[slug(entry)], 1)],
        }
        for entry in wanted
    ]  # fmt: skip
    answers = {answer["name"]: answer for answer in asked(PEFT, "peft_oracle.py", questions, folder)}
    found = []
    for entry in wanted:
        trouble = answers[slug(entry)]["error"]
        results = [] if trouble else [load_file(out / _file(entry)) for out in theirs[slug(entry)]]
        if not entry.is_random:
            found.append(
                _row(
                    entry,
                    PEFT_SIDE,
                    trouble,
                    lambda entry=entry, results=results: _against_definition(entry, results, folders),
                )
            )
        found.append(
            _row(entry, OURS, trouble, lambda entry=entry, results=results: _ours(entry, results, folders, folder))
        )
    types = {entry.type for entry in COMBINATIONS}
    return found, [] if len(types) == 11 else [f"{len(types)} of peft's eleven combination types are asked"]


def _file(entry: Combination) -> str:
    return "factors.safetensors" if entry.is_by_factors else "changes.safetensors"


def _row(entry: Combination, side: str, trouble: str, compare: Any) -> Row:
    started = time.monotonic()
    row = Row(f"adapter_{entry.type}", entry.name, "expected" if entry.is_random else "spectral", side, trouble)
    if side == OURS and method_get("merge", f"adapter_{entry.type}") is None:
        row.is_skipped = True
    elif not trouble:
        row.trouble = attempted(compare)
    row.seconds = time.monotonic() - started
    return row


def _against_definition(entry: Combination, results: Sequence[Changes], folders: dict[str, Path]) -> str:
    found = _apart(results[0], defined(entry, folders))
    if not entry.defect:
        return found
    return "" if found else f"peft is right by now; it was listed as wrong: {entry.defect}"


def _ours(entry: Combination, results: Sequence[Changes], folders: dict[str, Path], folder: Path) -> str:
    sources = [
        {"model": str(folders[name]), "weight": weight}
        for name, weight in zip(entry.sources, entry.weights, strict=True)
    ]
    document = {"kind": "merge", "method": f"adapter_{entry.type}", "sources": sources, **entry.options}
    made = []
    for seed in range(1, entry.seeds + 1):
        out = folder / "ours" / slug(entry) / str(seed)
        if complaint := merged(document | {"seed": seed}, out):
            return complaint
        made.append(factors_of(out) if entry.is_by_factors else changes_of(out))
    if entry.is_random:
        return chance.means(made, results)
    return _apart(made[0], defined(entry, folders) if entry.defect else results[0])


def _apart(mine: Changes, its: Changes) -> str:
    if mine.keys() != its.keys():
        return f"ours has {sorted(mine)[:3]}, theirs {sorted(its)[:3]}"
    for name, wanted in its.items():
        error = ((mine[name].double() - wanted.double()).norm() / wanted.double().norm()).item()
        if not error <= RELATIVE:
            return f"{name}: off by {error:.2g} of its length"
    return ""
