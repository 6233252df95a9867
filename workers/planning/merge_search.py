"""MERGE, what it leaves open: whether it can be tried, on what, how many trials that takes and how long."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from workers.contracts.findings import Finding, Repair, has_errors
from workers.contracts.methods import method_get
from workers.contracts.openings import METHOD, PLACE
from workers.contracts.paths import path_of, path_of_pointer, pointer_of, where_of
from workers.contracts.plans import Check, Estimate
from workers.contracts.recipes import DataReference, EvaluateRecipe, Measure, MergeRecipe
from workers.contracts.searching import MAX_TRIALS, Search
from workers.planning import evaluate
from workers.planning.check import Facts
from workers.planning.runnable import rows_of
from workers.planning.search_space import Space, generation_of, rungs_in, rungs_of
from workers.planning.wording import add, counted, finding, number, remove, short_name

CheckMerge = Callable[[MergeRecipe, Facts], Check]
# What starting and reading once take of the estimate of one evaluation; the rest comes again with every trial.
_START_S = (5.0, 12.0)
_MERGE_START_S = (1.5, 4.0)
_GROUP = ("search",)


@dataclass(frozen=True)
class Looked:
    """What a check of the search found: `estimate` of measuring once, `line` for the end of the panel.

    `merge_bytes` is the most memory that a merge by another of the methods takes.
    """

    findings: list[Finding]
    estimate: Estimate = field(default_factory=Estimate)
    line: str = ""
    merge_bytes: int = 0


def measures_of(items: Sequence[DataReference], metric: str | None) -> tuple[Measure, ...]:
    """What an evaluation would be asked for."""
    metrics = (metric,) if metric is not None else ()
    return tuple(Measure.model_validate({**item.model_dump(), "metrics": metrics}) for item in items)


def search_looked(
    recipe: MergeRecipe, facts: Facts, model: str, path: tuple[str | int, ...], check: CheckMerge
) -> Looked:
    """`model` stands for the result: its task and its classes are the result's; `path` is its place in the recipe."""
    search = recipe.search
    if search is None:
        return Looked([])
    if any(entry.code == "search_whole" for entry in whole_findings(recipe)):
        return Looked([])
    space = Space(recipe)
    found, merge_bytes = _method_findings(recipe, space, facts, check)
    found += _fit_findings(search, space)
    found += _budget_findings(search, space, _examples(search, facts))
    measured = measured_on(search.data, search.metric, facts, model, path, ("search", "data"))
    found += measured.findings
    found += _same_findings(recipe, search)
    line = "" if has_errors(found) else _line(search, space, _examples(search, facts))
    return Looked(found, measured.estimate, line, merge_bytes)


def measured_on(
    data: Sequence[DataReference], metric: str | None, facts: Facts, model: str, path: tuple[str | int, ...], place: tuple[str | int, ...]
) -> Check:  # fmt: skip
    """What an evaluation of that model on the data would be told, at the places of this recipe."""
    asked = evaluate.check(EvaluateRecipe(models=(model,), data=measures_of(data, metric)), facts)
    found = [_moved(entry, path, place) for entry in asked.findings]
    return asked.model_copy(update={"findings": tuple(found)})


def trials_of(search: Search, space: Space, examples: int | None) -> tuple[int, float]:
    """How many trials there will be at most, and to how many passes over all examples they come."""
    if search.strategy == "successive_halving":
        rungs = rungs_in(space, search.budget.trials, examples)
        return sum(rung.points for rung in rungs), sum(rung.points * rung.share for rung in rungs)
    count = search.budget.trials
    if search.strategy == "grid":
        count = grid_trials(space)
    return count, float(count)


def grid_trials(space: Space) -> int:
    """The points, and the recipe as it stands where it is none of them."""
    size = space.size()
    return size if size <= MAX_TRIALS and space.start() in space.grid() else size + 1


def search_estimate(estimate: Estimate, search: Search, space: Space, looked: Looked, facts: Facts) -> Estimate:
    """Adds the trials: as many merges, and as many passes over the examples as they come to."""
    measured = looked.estimate
    trials, passes = trials_of(search, space, _examples(search, facts))
    seconds = []
    for side in (0, 1):
        merge = max(0.05, estimate.seconds[side] - _MERGE_START_S[side])
        answer = max(0.02, measured.seconds[side] - _START_S[side])
        seconds.append(round(estimate.seconds[side] + _START_S[side] + trials * merge + passes * answer, 1))
    if search.budget.seconds is not None:
        seconds = [min(each, round(estimate.seconds[1] + _START_S[1] + search.budget.seconds, 1)) for each in seconds]
    return estimate.model_copy(
        update={
            "memory_bytes": max(estimate.memory_bytes, looked.merge_bytes) + measured.memory_bytes,
            "read_bytes": estimate.read_bytes * (trials + 1), "seconds": (seconds[0], seconds[1]),
        }
    )  # fmt: skip


def _examples(search: Search, facts: Facts) -> int | None:
    """How many the search measures on, all datasets together; None where nobody counted them."""
    counts = [rows_of(item, facts) for item in search.data]
    if any(count < 0 for count in counts):
        return None
    return sum(min(count, item.limit or count) for count, item in zip(counts, search.data, strict=True))


def _line(search: Search, space: Space, examples: int | None) -> str:
    count, _ = trials_of(search, space, examples)
    own = "the recipe as it stands among them" if count == space.size() else "and the recipe as it stands"
    words = {
        "grid": f"{counted(count, 'trial')}: every point of the grid, {own}",
        "cma_es": f"{counted(count, 'trial')} of CMA-ES, beginning with the recipe as it stands",
        "successive_halving": f"{counted(count, 'trial')} of successive halving",
    }
    if search.strategy == "successive_halving":
        rungs = rungs_in(space, search.budget.trials, examples)
        words["successive_halving"] += ": " + ", then ".join(number(rung.points) for rung in rungs) + " of the best"
        if rungs[0].points < rungs_of(search.budget.trials, examples)[0].points:
            words["successive_halving"] += (
                f". The budget allows {number(search.budget.trials)}; there are no more than {counted(rungs[0].points, 'point')} to begin with"
            )
    return f"{words[search.strategy]}."


def whole_findings(recipe: MergeRecipe, *, rows_move: bool = False) -> list[Finding]:
    """Trials, and the models along a line, are whole models of one shape. `rows_move`: the result has a vocabulary of its own."""
    row = method_get("merge", recipe.method)
    if recipe.slices or recipe.modules:
        what = "with slices or modules"
    elif row is not None and row.takes != "model":
        what = f"by {row.label}, which makes no model of the sources’ shape"
    elif rows_move:
        what = "with another tokenizer than that of the models"
    else:
        return []
    barrier = recipe.diagnostics.barrier if recipe.diagnostics is not None else None
    found = []
    if recipe.search is not None:
        message, ways = f"A search tries whole models. It cannot be used {what}.", [remove(_GROUP, "Remove the search")]
        found.append(finding("search_whole", "error", _GROUP, message, "", ways))
    if barrier is not None:
        message = f"The loss along a line is measured between whole models. It cannot be measured {what}."
        path = ("diagnostics", "barrier")
        found.append(finding("barrier_whole", "error", path, message, "", [remove(path, "Remove the barrier")]))
    return found


def _method_findings(recipe: MergeRecipe, space: Space, facts: Facts, check: CheckMerge) -> tuple[list[Finding], int]:
    """Every method that the search may take, at the middle of its ranges: what speaks against it, and the memory that the others take."""
    found: list[Finding] = []
    merge_bytes = 0
    for index, name in enumerate(space.methods):
        is_open = recipe.search is not None and METHOD in recipe.search.open
        path = (*PLACE, METHOD, index) if is_open else ("method",)
        ways = (
            [remove(path, f"Leave {name} out")]
            if is_open and len(space.methods) > 1
            else [remove(_GROUP, "Remove the search")]
        )
        row = method_get("merge", name)
        if row is None:
            continue
        if row.learn:
            message = f"{row.label} learns its own values from data. A search would have to learn anew in every trial."
            found.append(
                finding(
                    "search_learns", "error", path, message, "Search with a method that looks at weights alone.", ways
                )
            )
        elif row.takes != "model":
            message = f"{row.label} makes no model of the sources’ shape. A search tries whole models."
            found.append(finding("search_whole", "error", path, message, "", ways))
        elif name != recipe.method:
            checked = check(space.recipe_at(_middle(space, name)), facts)
            merge_bytes = max(merge_bytes, checked.estimate.memory_bytes)
            stops = [entry for entry in checked.findings if entry.severity == "error"]
            if stops:
                message = f"{row.label} cannot be tried: {stops[0].message}"
                found.append(finding("method_unfit", "error", path, message, "", ways))
    return found, merge_bytes


def _middle(space: Space, method: str) -> dict[str, object]:
    values = {axis.key: axis.points()[len(axis.points()) // 2] for axis in space.axes_of(method)}
    return {METHOD: method, **values}


def _fit_findings(search: Search, space: Space) -> list[Finding]:
    if search.strategy != "cma_es":
        return []
    way = add(("search", "strategy"), "successive_halving", "Use successive halving")
    found = []
    if space.is_over_methods:
        message = "CMA-ES moves through numbers. It cannot choose a method."
        found.append(finding("strategy_unfit", "error", (*PLACE, METHOD), message, "", [way]))
    for name in dict.fromkeys(axis.opening.name for axis in space.axes if not axis.is_numeric):
        message = f"CMA-ES moves through numbers. {name} is a list of values; give it a range."
        found.append(finding("strategy_unfit", "error", (*PLACE, name), message, "", [way]))
    return found


def _budget_findings(search: Search, space: Space, examples: int | None) -> list[Finding]:
    trials, place = search.budget.trials, ("search", "budget", "trials")
    if search.strategy == "grid":
        size = space.size()
        needed = grid_trials(space)
        if needed <= trials:
            return []
        message = f"The grid has {counted(size, 'point')}; with the recipe as it stands that is {counted(needed, 'trial')}. The budget allows {number(trials)}."
        ways: list[Repair] = [add(place, needed, f"Allow {number(needed)} trials")] if needed <= MAX_TRIALS else []
        ways.append(add(("search", "strategy"), "successive_halving", "Use successive halving"))
        return [
            finding(
                "budget_too_small",
                "error",
                place,
                message,
                "A part of a grid would leave out what nobody chose to leave out.",
                ways,
            )
        ]
    if search.strategy == "cma_es":
        least = generation_of(len(space.axes)) + 1
        if trials >= least:
            return []
        message = f"One generation of CMA-ES over {counted(len(space.axes), 'number')} takes {least - 1} trials, and the recipe as it stands one. The budget allows {number(trials)}."
        return [
            finding(
                "budget_too_small", "error", place, message, "", [add(place, 10 * least, f"Allow {10 * least} trials")]
            )
        ]
    if len(rungs_of(trials)) > 1:
        if len(rungs_of(trials, examples)) == 1:
            message = f"The data has {counted(examples or 0, 'example')}, too few to begin with a share of them: every point is measured on all."
            return [
                finding(
                    "nothing_halved", "warning", ("search", "data"), message, "This is then a search by drawing alone."
                )
            ]
        return []
    message = f"Successive halving needs at least 4 trials. The budget allows {number(trials)}."
    return [finding("budget_too_small", "error", place, message, "", [add(place, 40, "Allow 40 trials")])]


def _same_findings(recipe: MergeRecipe, search: Search) -> list[Finding]:
    """A number that decided the choice says nothing of the choice's quality."""
    chosen = {(item.data, item.split) for item in search.data}
    found = []
    for index, item in enumerate(recipe.evaluate or ()):
        if (item.data, item.split) in chosen:
            message = f"The result would be measured on {item.split} of {short_name(item.data)}, by which it is chosen."
            consequence = "The best of many trials looks better there than it is. Measure on a split that the search does not see."
            found.append(finding("measured_on_choice", "warning", ("evaluate", index), message, consequence))
    found += [
        finding(
            "chosen_on_test", "warning", ("search", "data", index, "split"),
            f"The search chooses by the test split of {short_name(item.data)}.",
            "What is measured there afterwards looks better than it is.", [add(("search", "data", index, "split"), "validation", "Use validation")],
        )
        for index, item in enumerate(search.data) if item.split == "test"
    ]  # fmt: skip
    return found


def _moved(entry: Finding, model: tuple[str | int, ...], data: tuple[str | int, ...]) -> Finding:
    """A finding of an evaluation, at the place that its model or its data has in this recipe."""

    def turned(path: tuple[str | int, ...]) -> tuple[str | int, ...]:
        if path[:1] == ("data",):
            if path[2:3] == ("metrics",):
                return (*data[:-1], "metric")
            return (*data, *path[1:])
        return (*model, *path[2:]) if path[:1] == ("models",) else path

    repair = tuple(
        way.model_copy(
            update={
                "patch": tuple(
                    {**step, "path": pointer_of(turned(path_of_pointer(step["path"])))} for step in way.patch
                )
            }
        )
        for way in entry.repair
        if not any(step["path"].startswith("/models") for step in way.patch)
    )
    return entry.model_copy(update={"where": where_of(turned(path_of(entry.where))), "repair": repair})
