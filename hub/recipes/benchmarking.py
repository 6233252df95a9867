"""Benchmarks named in recipes: replaced by their definitions, with the data pinned, before anything else is looked at."""

from typing import Any

from hub.accounts.models import User
from hub.benchmarks.definitions import measure_of
from hub.benchmarks.models import BenchmarkVersion
from hub.benchmarks.selectors import version_resolve
from hub.core.errors import ApplicationError
from workers.contracts.benchmarks import Definition
from workers.contracts.findings import Finding, Repair
from workers.contracts.paths import path_of
from workers.contracts.recipes import AnyRecipe, EvaluateRecipe, Measure, MergeRecipe, RankRecipe, TrainRecipe

_EMPTY = Measure()
_LOST = ("data_missing", "benchmark_unknown", "benchmark_unusable")


def measures_of(recipe: AnyRecipe) -> tuple[str, tuple[Measure, ...]]:
    """The key under which a recipe says what to measure on, and what it says. ("", ()) for recipes that measure nothing."""
    if isinstance(recipe, EvaluateRecipe | RankRecipe):
        return "data", recipe.data
    if isinstance(recipe, MergeRecipe | TrainRecipe):
        return "evaluate", recipe.evaluate or ()
    return "", ()


def benchmarks_expand(*, user: User, recipe: AnyRecipe) -> tuple[AnyRecipe, list[Finding]]:
    """The recipe with every benchmark written out, and what is wrong with those it names.

    A measure keeps the name of its benchmark, now with the number of the version: results find their leaderboard by it.
    """
    key, measures = measures_of(recipe)
    if all(measure.data and measure.benchmark is None for measure in measures):
        return recipe, []
    found: list[Finding] = []
    known: dict[str, BenchmarkVersion | ApplicationError] = {}
    expanded = []
    for index, measure in enumerate(measures):
        if measure.benchmark is None:
            expanded.append(measure)
            found += [] if measure.data else [_nothing_named(key, index)]
            continue
        if measure.benchmark not in known:
            known[measure.benchmark] = _resolved(user, measure.benchmark)
        version = known[measure.benchmark]
        if isinstance(version, ApplicationError):
            found.append(_not_usable(version, measure.benchmark, key, index))
            expanded.append(measure)
            continue
        whole = _written_out(version)
        found += [*_contradictions(measure, whole, key, index), *_limited(recipe, whole, key, index)]
        expanded.append(whole)
    return recipe.model_copy(update={key: tuple(expanded)}), found


def told_twice(finding: Finding, told: list[Finding]) -> bool:
    """What a planner says of the data where there is none to speak of."""
    places = [path_of(other.where)[:2] for other in told if other.code in _LOST]
    return finding not in told and path_of(finding.where)[:2] in places


def _resolved(user: User, text: str) -> BenchmarkVersion | ApplicationError:
    try:
        return version_resolve(user=user, text=text)
    except ApplicationError as error:
        return error


def _written_out(version: BenchmarkVersion) -> Measure:
    definition = Definition.model_validate(version.definition)
    return measure_of(definition, benchmark=f"{version.benchmark.name}@{version.number}")


def _nothing_named(key: str, index: int) -> Finding:
    message = "Say what to measure on: data with the name of a dataset, or benchmark with that of a benchmark."
    return Finding(code="data_missing", severity="error", message=message, where=f"{key}[{index}]")


def _not_usable(error: ApplicationError, text: str, key: str, index: int) -> Finding:
    code = "benchmark_unknown" if error.status == 404 else "benchmark_unusable"
    message = error.message if text.partition("@")[0] in error.message else f"{text}: {error.message}"
    return Finding(code=code, severity="error", message=message, where=f"{key}[{index}].benchmark")


def _contradictions(measure: Measure, whole: Measure, key: str, index: int) -> list[Finding]:
    """Whatever stands beside a benchmark has to be what the benchmark says: else the number would bear a wrong name."""
    findings = []
    for name in Measure.model_fields:
        given = getattr(measure, name)
        if name == "benchmark" or given in (getattr(_EMPTY, name), getattr(whole, name)):
            continue
        if name == "data" and given == whole.data.partition("@")[0]:
            continue
        findings.append(
            Finding(
                code="benchmark_decides", severity="error", where=f"{key}[{index}].{name}",
                message=f"{whole.benchmark} decides {name} itself. Leave {name} out, or leave benchmark out and say the data.",
                repair=(Repair(label=f"Leave {name} out", patch=({"op": "remove", "path": f"/{key}/{index}/{name}"},)),),
            )
        )  # fmt: skip
    return findings


def _limited(recipe: AnyRecipe, whole: Measure, key: str, index: int) -> list[Finding]:
    limit: Any = recipe.limit if isinstance(recipe, EvaluateRecipe) else None
    if limit is None:
        return []
    return [
        Finding(
            code="benchmark_limited", severity="warning", where="limit",
            message=f"With a limit this is another measurement than {whole.benchmark}.",
            consequence="Its numbers do not go on the leaderboard.",
            repair=(Repair(label="Measure all examples", patch=({"op": "remove", "path": "/limit"},)),),
        )
    ][: 1 if index == 0 else 0]  # fmt: skip
