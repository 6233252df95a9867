"""CHECK: findings, licence verdict, estimate and plan of a recipe, from facts alone. Runs no torch and reads no weights."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.kinds import kind_get
from workers.contracts.plans import Check
from workers.contracts.recipes import AnyRecipe

Facts = Mapping[str, RepoFacts | None]
_ORDER = {"error": 0, "warning": 1, "info": 2}


def check(recipe: AnyRecipe, facts: Facts) -> Check:
    """`facts` has one entry per reference text of the recipe; None means: not there, or not visible to the asker."""
    kind = kind_get(recipe.kind)
    if kind is None:
        raise ValueError(f"the kind table has no {recipe.kind}")
    module, name = kind.planner.split(":")
    planner: Callable[[Any, Facts], Check] = getattr(importlib.import_module(module), name)
    checked = planner(recipe, facts)
    return checked.model_copy(update={"findings": in_order(checked.findings)})


def in_order(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Errors first, then warnings, then the rest; within each in the order of the recipe."""
    return tuple(sorted(findings, key=lambda finding: _ORDER[finding.severity]))
