"""MERGE, the loss along straight lines between models: which lines there are, on what they are measured, what that costs."""

from collections.abc import Sequence
from itertools import combinations

from workers.contracts.findings import Finding
from workers.contracts.methods import method_get
from workers.contracts.openings import methods_open
from workers.contracts.plans import Estimate
from workers.contracts.recipes import DataReference, MergeRecipe
from workers.contracts.searching import Barrier
from workers.contracts.tasks import task_get
from workers.planning.check import Facts
from workers.planning.heads import tasks_of
from workers.planning.members import Known
from workers.planning.merge_search import measured_on
from workers.planning.references import merge_data
from workers.planning.wording import add, counted, finding, number, remove

PLACE = ("diagnostics", "barrier")
MOST_MODELS = 2000
# Tasks whose answers hold a loss for each example: the column, what it is divided by, and what it is called.
LOSSES: dict[str, tuple[str, str, str]] = {
    **{
        name: ("logprob", "", "Negative log-likelihood, nats per example")
        for name in ("image-classification", "text-classification", "tabular-classification", "multiple-choice")
    },
    **{name: ("logprob", "tokens", "Negative log-likelihood, nats per token") for name in ("causal-lm", "masked-lm")},
    **{name: ("squared_error", "", "Squared error") for name in ("tabular-regression", "text-regression")},
}
RESULT = -1
_START_S = (5.0, 12.0)


def barrier_of(recipe: MergeRecipe) -> Barrier | None:
    return recipe.diagnostics.barrier if recipe.diagnostics is not None else None


def barrier_data(recipe: MergeRecipe) -> tuple[Sequence[DataReference], int]:
    """The data that the loss is measured on, and the number of the first of it among the data of the recipe."""
    barrier = barrier_of(recipe)
    if barrier is None or not barrier.data:
        return recipe.data, 0
    return barrier.data, len(merge_data(recipe)) - len(barrier.data)


def lines_of(recipe: MergeRecipe) -> list[tuple[int, int]]:
    """Pairs of models, counted as plans count them (the base first, where there is one); `RESULT` is the merge itself."""
    barrier, first = barrier_of(recipe), int(recipe.base is not None)
    if barrier is None:
        return []
    sources = range(first, first + len(recipe.sources))
    if barrier.between == "sources":
        return list(combinations(sources, 2))
    return [(RESULT if barrier.between == "result" else 0, source) for source in sources]


def models_along(recipe: MergeRecipe) -> int:
    """How many models are measured: the ends of lines are shared."""
    barrier, lines = barrier_of(recipe), lines_of(recipe)
    if barrier is None:
        return 0
    return len({end for line in lines for end in line}) + len(lines) * (barrier.points - 2)


def barrier_findings(recipe: MergeRecipe, reference: Known, facts: Facts) -> tuple[list[Finding], Estimate]:
    """What speaks against it, and what measuring one model takes."""
    barrier = barrier_of(recipe)
    if barrier is None:
        return [], Estimate()
    ways = [remove(PLACE, "Remove the barrier")]
    data, _ = barrier_data(recipe)
    if not data:
        message = "The loss along a line is measured on examples. Name some under diagnostics.barrier.data."
        return [finding("barrier_data_missing", "error", (*PLACE, "data"), message, "", ways)], Estimate()
    found: list[Finding] = []
    idle = _without_base(recipe)
    if barrier.between == "base" and (recipe.base is None or idle):
        message = (
            f"{idle} does not use a base, so that there is none to draw lines from."
            if idle
            else "There is no base to draw lines from."
        )
        found.append(finding("barrier_no_base", "error", (*PLACE, "between"), message, "", [add((*PLACE, "between"), "sources", "Between the sources")]))  # fmt: skip
    if barrier.between == "sources" and len(recipe.sources) < 2:
        message = "A line has two ends, and one source is given."
        found.append(finding("barrier_one_model", "error", (*PLACE, "between"), message, "", [add((*PLACE, "between"), "result", "From the result")]))  # fmt: skip
    if (count := models_along(recipe)) > MOST_MODELS:
        message = f"{counted(len(lines_of(recipe)), 'line')} of {number(barrier.points)} points are {counted(count, 'model')} to measure, at most {number(MOST_MODELS)}."
        found.append(
            finding(
                "barrier_too_long", "error", (*PLACE, "points"), message, "Fewer points, or lines from the base.", ways
            )
        )
    place = (*PLACE, "data") if barrier.data else ("data",)
    name = reference.member.text
    measured = measured_on(data, None, {**facts, name: reference.facts}, name, reference.member.path, place)
    # What a merge learns from may come without answers, and is told of its own faults by those who learn from it.
    found += [entry for entry in measured.findings if barrier.data or entry.severity == "error"]
    tasks = {item.task for item in barrier.data if item.task} or set(tasks_of(reference.facts.config)[:1])
    if tasks and not tasks & set(LOSSES):
        row = task_get(next(iter(tasks)))
        message = f"{row.label if row is not None else 'This task'} has no loss for each example that a line could be drawn of."
        found.append(finding("barrier_no_loss", "error", PLACE, message, "", ways))
    return found, measured.estimate


def _without_base(recipe: MergeRecipe) -> str:
    """The first method that the result may be made by and that reads no base; empty where all do."""
    rows = [method_get("merge", name) for name in methods_open(recipe)]
    return next((row.label for row in rows if row is not None and not row.takes_base), "")


def barrier_estimate(estimate: Estimate, recipe: MergeRecipe, measured: Estimate) -> Estimate:
    count = models_along(recipe)
    if not count:
        return estimate
    low, high = (
        round(had + start + count * max(0.02, each - start), 1)
        for had, start, each in zip(estimate.seconds, _START_S, measured.seconds, strict=True)
    )
    memory = max(estimate.memory_bytes, measured.memory_bytes)
    return estimate.model_copy(update={"seconds": (low, high), "memory_bytes": memory})
