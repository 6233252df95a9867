"""The data of an evaluation, opened once for all models: examples, their identities, slices, and what is to be said of them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.jobs.evaluate_units import Unit

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Data:
    """`shas` identify the examples, in their order; `example_hash` is sha256 over all of them sorted: equal data, equal hash.

    `leakage` says for other splits how many of the examples they hold too (by input, whatever the answer).
    """

    examples: Any
    shas: list[str]
    slices: dict[str, list[str]]
    cluster: list[str] | None
    example_hash: str
    duplicates: int
    leakage: dict[str, int]
    warnings: list[dict[str, Any]]


def open_data(folder: Path, unit: Unit, scratch: Path) -> Data:
    from workers.engine.data.examples import examples_of
    from workers.engine.data.splits import open_split

    wanted = unit.definition
    split = open_split(folder, wanted.split, reference=unit.data.reference, scratch=scratch)
    examples = examples_of(
        split, wanted.task, columns=wanted.columns, labels=wanted.labels, limit=wanted.limit, name=str(split)
    )
    shas = examples.shas()
    warnings = list(examples.warnings)
    leakage = _leakage(folder, unit, examples, scratch, warnings)
    duplicates = len(shas) - len(set(shas))
    warnings += _odd(duplicates, leakage, len(shas), examples.name)
    return Data(
        examples=examples,
        shas=shas,
        slices={column: examples.slice_values(column) for column in wanted.slices},
        cluster=examples.slice_values(wanted.cluster) if wanted.cluster else None,
        example_hash=hashlib.sha256("\n".join(sorted(shas)).encode()).hexdigest(),
        duplicates=duplicates,
        leakage=leakage,
        warnings=[finding.model_dump(mode="json") for finding in warnings],
    )


def _odd(duplicates: int, leakage: dict[str, int], examples: int, name: str) -> list[Finding]:
    """What a reader of the numbers should know of the data behind them."""
    told = []
    if duplicates:
        message = f"{duplicates} of {examples} examples of {name} say again what another one said."
        told.append(("data_duplicates", message, "What is said twice counts twice."))
    for split, count in leakage.items():
        if count:
            message = f"{count} of {examples} examples of {name} also stand in {split}, with the same input."
            learned = "trained on train" if split == "train" else f"trained on {split}, or chosen by it,"
            told.append(("data_leakage", message, f"A model that was {learned} may know them by heart."))
    return [
        Finding(code=code, severity="warning", message=message, consequence=consequence, where="data", stage="run")
        for code, message, consequence in told
    ]


def _leakage(folder: Path, unit: Unit, examples: Any, scratch: Path, warnings: list[Finding]) -> dict[str, int]:
    """The rows that a model may have learned from, or been chosen by, are looked through for those of the split that is measured."""
    if unit.definition.split == "train":
        return {}
    found = {}
    for name in _others(folder, unit):
        try:
            found[name] = overlap_with(folder, name, unit, examples, scratch)
        except UserError as error:
            # The split that is measured is sound: what is wrong with another one is told, and stops nothing.
            message = f"Whether these examples also stand in {name} is not known. {error}"
            warnings.append(
                Finding(code="leakage_unknown", severity="warning", where="data", stage="run", message=message)
            )
    return found


def overlap_with(folder: Path, name: str, unit: Unit, examples: Any, scratch: Path, reference: str = "") -> int:
    """How many of `examples` have an input that the split `name` of the dataset in `folder` holds too."""
    from workers.engine.data.examples import examples_of
    from workers.engine.data.leakage import overlap
    from workers.engine.data.splits import open_split

    split = open_split(folder, name, reference=reference or unit.data.reference, scratch=scratch)
    other = examples_of(split, unit.definition.task, columns=unit.definition.columns, name=str(split))
    return overlap(examples, other)


def _others(folder: Path, unit: Unit) -> list[str]:
    from workers.engine.data.splits import split_names

    is_built_in = unit.data.reference.startswith("builtin:")
    held = SPLITS if is_built_in else split_names(folder)
    return [name for name in SPLITS if name in held and name != unit.definition.split]
