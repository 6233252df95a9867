"""The combinations of `adapters`, through peft and through us, and both against the definition where peft is wrong."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from tests.parity import chance
from tests.parity.adapter_definitions import defined
from tests.parity.adapter_files import adapters_write, changes_of, factors_of
from tests.parity.adapter_kinds import LAYERS, Layer
from tests.parity.adapters import COMBINATIONS, Combination
from tests.parity.oracles import PEFT, asked
from tests.parity.ours import codes_of, merged
from tests.parity.report import Row, attempted
from workers.contracts.methods import method_get

Changes = Mapping[str, torch.Tensor]
# Relative, in the Frobenius norm: what float32 leaves of a decomposition.
RELATIVE = 1e-5
PEFT_SIDE, OURS = "peft", "ours"


def slug(combination: Combination) -> str:
    return f"adapter_{combination.type}: {combination.name}"


def rows(folder: Path, wanted: Sequence[Combination]) -> tuple[list[Row], list[str]]:
    """Two rows each: peft against the definition, which a known defect must miss, and ours against peft or the definition.

    Ours is taken as peft reads it, so that a result which only we could read fails.
    """
    PEFT.ensure()
    folders = adapters_write(folder / "adapters")
    comparing = [_Comparing(entry, folders, folder) for entry in wanted]
    for one in comparing:
        one.make()
    questions = [question for one in comparing for question in one.questions()]
    answers = {answer["name"]: answer["error"] for answer in asked(PEFT, "peft_oracle.py", questions, folder)}
    found = [row for one in comparing for row in one.rows(answers)]
    types = {entry.type for entry in COMBINATIONS}
    return found, [] if len(types) == 11 else [f"{len(types)} of peft's eleven combination types are asked"]


def asking(base: Path, layers: Mapping[str, Layer]) -> dict[str, Any]:
    """What every question says of the model."""
    return {"base": str(base), "layers": {name: astuple(layer) for name, layer in layers.items()}}


class _Comparing:
    """One combination on its way through both."""

    def __init__(self, entry: Combination, folders: dict[str, Path], folder: Path) -> None:
        self.entry, self.folders, self.name = entry, folders, slug(entry)
        self.seeds = range(1, entry.seeds + 1)
        self.ours, self.theirs, self.read = (folder / side / self.name for side in ("ours", "peft", "read"))
        self.seconds, self.complaint = 0.0, ""

    def make(self) -> None:
        started = time.monotonic()
        if self.entry.refused:
            codes = codes_of(self._document())
            self.complaint = "" if self.entry.refused in codes else f"not refused as {self.entry.refused}: {codes}"
        else:
            complaints = (merged(self._document() | {"seed": seed}, self.ours / str(seed)) for seed in self.seeds)
            self.complaint = next((complaint for complaint in complaints if complaint), "")
        self.seconds = time.monotonic() - started

    def questions(self) -> list[dict[str, Any]]:
        entry, about = self.entry, asking(self.folders["base"], LAYERS)
        found: list[dict[str, Any]] = [
            {
                **about, "ask": "combine", "name": self.name, "adapters": [str(self.folders[name]) for name in entry.sources],
                "weights": entry.weights, "type": entry.type, "options": entry.options, "is_saved": entry.is_saved,
                "outs": [(seed, str(self.theirs / str(seed))) for seed in self.seeds],
            }
        ]  # fmt: skip
        if self._is_read:
            found.append(
                {**about, "ask": "read", "name": self._reading, "adapter": str(self.ours / "1"), "out": str(self.read)}
            )
        return found

    def rows(self, answers: Mapping[str, str]) -> list[Row]:
        theirs = [] if self.entry.is_random else [self._row(PEFT_SIDE, lambda: self._peft(answers[self.name]))]
        ours = self._row(OURS, lambda: self.complaint or self._compared(answers))
        ours.is_skipped = method_get("merge", f"adapter_{self.entry.type}") is None
        ours.seconds += self.seconds
        return [*theirs, ours]

    @property
    def _is_read(self) -> bool:
        return not (self.complaint or self.entry.refused or self.entry.is_random)

    @property
    def _reading(self) -> str:
        return f"{self.name}, ours"

    def _document(self) -> dict[str, Any]:
        sources = [
            {"model": str(self.folders[name]), "weight": weight}
            for name, weight in zip(self.entry.sources, self.entry.weights, strict=True)
        ]
        more = {"dtype": "float32"} if self.entry.name == "bfloat16 factors" else {}
        return {
            "kind": "merge",
            "method": f"adapter_{self.entry.type}",
            "sources": sources,
            **self.entry.options,
            **more,
        }

    def _row(self, side: str, compare: Any) -> Row:
        started = time.monotonic()
        row = Row(
            f"adapter_{self.entry.type}", self.entry.name, "expected" if self.entry.is_random else "spectral", side
        )
        row.trouble = attempted(compare)
        row.seconds = time.monotonic() - started
        return row

    def _peft(self, error: str) -> str:
        """That it is right, that it refuses what has no answer, or that it is as wrong as the table says."""
        entry = self.entry
        if entry.refused and not entry.defect:
            return "" if error else "peft combines it by now; it was listed as refused"
        found = error or apart(self._made("changes")[0], defined(entry, self.folders))
        if not entry.defect:
            return found
        return "" if found else f"peft is right by now; it was listed as wrong in {entry.defect}"

    def _compared(self, answers: Mapping[str, str]) -> str:
        entry = self.entry
        if entry.refused:
            return ""
        if entry.is_random:
            read = factors_of if entry.is_by_factors else changes_of
            made = [read(self.ours / str(seed)) for seed in self.seeds]
            return answers[self.name] or chance.means(made, self._made("factors" if entry.is_by_factors else "changes"))
        if trouble := answers[self._reading]:
            return f"peft cannot read it: {trouble}"
        mine = load_file(self.read / "changes.safetensors")
        wanted = defined(entry, self.folders) if entry.defect else self._made("changes")[0]
        return apart(mine, wanted)

    def _made(self, what: str) -> list[Changes]:
        return [load_file(self.theirs / str(seed) / f"{what}.safetensors") for seed in self.seeds]


def apart(mine: Changes, its: Changes) -> str:
    if mine.keys() != its.keys():
        return f"ours alone {sorted(mine.keys() - its.keys())[:3]}, theirs alone {sorted(its.keys() - mine.keys())[:3]}"
    for name, wanted in its.items():
        error = ((mine[name].double() - wanted.double()).norm() / wanted.double().norm()).item()
        if not error <= RELATIVE:
            return f"{name}: off by {error:.2g} of its length"
    return ""
