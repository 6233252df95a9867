"""Combinations of adapters from folders to a folder, as the job makes them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.workers.jobs.ports import FakeCancel, FakeReporter
from workers.contracts.parsing import parse
from workers.contracts.plans import Check, Plan
from workers.engine.execute import Outcome, execute
from workers.planning.check import check
from workers.planning.folder import facts_of_folder

METHODS = (
    "cat", "svd", "linear", "ties", "ties_svd", "dare_linear", "dare_ties", "dare_linear_svd", "dare_ties_svd",
    "magnitude_prune", "magnitude_prune_svd",
)  # fmt: skip
BY_FACTORS = ("linear", "ties", "dare_linear", "dare_ties", "magnitude_prune")


def checked(folders: Sequence[Path], type: str, weights: Sequence[float] | None = None, **parameters: Any) -> Check:
    sources = [
        {"model": str(folder), "weight": weight}
        for folder, weight in zip(folders, weights or [1.0] * len(folders), strict=True)
    ]
    parsed = parse({"kind": "merge", "method": f"adapter_{type}", "sources": sources} | parameters, local=True)
    assert parsed.recipe is not None, parsed.findings
    return check(parsed.recipe, {str(folder): facts_of_folder(folder) for folder in folders})


def plan_of(folders: Sequence[Path], type: str, weights: Sequence[float] | None = None, **parameters: Any) -> Plan:
    result = checked(folders, type, weights, **parameters)
    assert result.plan is not None, result.findings
    return result.plan


def combined(
    folders: Sequence[Path], out: Path, type: str, weights: Sequence[float] | None = None, *, threads: int = 1, **parameters: Any
) -> Outcome:  # fmt: skip
    plan = plan_of(folders, type, weights, **parameters)
    outcome = execute(
        plan, list(folders), out, out.with_name(out.name + "-journal"), reporter=FakeReporter(), cancel=FakeCancel(), threads=threads
    )  # fmt: skip
    (out / "adapter_config.json").write_text(json.dumps(plan.config))
    return outcome
