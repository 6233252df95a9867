"""EVALUATE: can every model be run, and on every dataset? From headers and configs alone."""

from collections.abc import Sequence

from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.kinds import kind_get
from workers.contracts.plans import Check, Estimate
from workers.contracts.recipes import BATCH_SIZE, EvaluateRecipe, Measure
from workers.contracts.tasks import TASKS, Task
from workers.planning.check import Facts
from workers.planning.contents import are_numbers_alone, classes_seen, content_findings
from workers.planning.estimate import batch_that_fits, models_estimate, pass_cost
from workers.planning.evaluate_models import (
    Runnable,
    label_findings,
    repeated_findings,
    runnable_models,
    task_findings,
)
from workers.planning.harness import HARNESS_TASKS
from workers.planning.harness_files import row_findings
from workers.planning.labels import BY_NUMBER, are_taken_by_number, number_words
from workers.planning.licences import licence_judge
from workers.planning.measuring import column_findings, columns_of, task_of
from workers.planning.options import option_findings
from workers.planning.runnable import data_findings, image_finding, image_of, rows_of
from workers.planning.wording import add, counted, finding, joined, remove, short_name, size_text

# One stored answer: number, content key, labels or numbers, a truth value, log-probabilities.
_ANSWER_BYTES = 64
# A split whose rows only reading would count is taken for one of so many bytes a row.
_ROW_BYTES = 500


def check(recipe: EvaluateRecipe, facts: Facts) -> Check:
    models, findings = runnable_models(recipe, facts)
    findings += repeated_findings(recipe, facts)
    on_hub = [index for index, item in enumerate(recipe.data) if item.benchmark is not None and not item.data]
    findings += [_benchmark_finding(recipe.data[index], index) for index in on_hub]
    findings += [
        entry for entry in data_findings(recipe.data, facts) if not any(entry.where.startswith(f"data[{index}]") for index in on_hub)
    ]  # fmt: skip
    broken = {entry.where.partition(".")[0] for entry in findings if entry.severity == "error"}
    tasks: list[Task | None] = []
    told: set[tuple[str, str]] = set()
    for index, item in enumerate(recipe.data):
        data = facts.get(item.data)
        task, found = (
            (None, [])
            if f"data[{index}]" in broken or data is None
            else _measure(item, index, data, models, facts, recipe.limit)
        )
        tasks.append(task)
        # The same model fails at the same task on every dataset: once is enough.
        findings += [entry for entry in found if (entry.code, entry.where) not in told]
        told |= {(entry.code, entry.where) for entry in found}
    estimate = _estimate(recipe, facts, models, tasks)
    findings += _fit_findings(estimate)
    agreements = _agreements(recipe, facts, models) if len(models) == len(recipe.models) else ()
    return Check(
        findings=tuple(findings), agreements=agreements, licence=licence_judge("evaluate", []), estimate=estimate
    )


def _measure(
    item: Measure, index: int, data: RepoFacts, models: Sequence[Runnable], facts: Facts, limit: int | None
) -> tuple[Task | None, list[Finding]]:
    """The task of one measurement, and what speaks against it."""
    where = f"data[{index}]"
    task = _task(item, data, models)
    if task is None:
        return None, [_task_unknown(item, index, data)]
    columns = columns_of(data)
    findings = column_findings(item, task, columns, where) if columns else []
    wrong = [name for name in item.metrics if name not in task.metrics]
    if wrong:
        message = f"{joined(wrong[:5])} cannot be worked out for {task.label.lower()}. It has {joined(task.metrics)}."
        findings.append(finding("metric_undefined", "error", ("data", index, "metrics"), message))
    if item.labels and not task.is_classification:
        message = f"{task.label} has no classes. Leave the labels out."
        findings.append(finding("labels_without_classes", "error", ("data", index, "labels"), message))
    findings += option_findings(task, item.options, ("data", index, "options"))
    if task.name in HARNESS_TASKS:
        findings += row_findings(item.options, columns, ("data", index, "options"))
    able = []
    for model in models:
        found = task_findings(model, task)
        findings += found or _image_findings(item, index, task, model, facts)
        able += [] if found else [model]
    findings += content_findings(item, task, data, ("data", index), limit=limit)
    if task.is_classification and able:
        findings += _label_findings(item, index, task, able, data, limit)
    return task, findings


def _label_findings(
    item: Measure, index: int, task: Task, models: Sequence[Runnable], data: RepoFacts, limit: int | None
) -> list[Finding]:
    """The classes that the data is known to have against those of the models."""
    name, labels = short_name(item.data), item.labels or data.labels
    seen, is_whole = (labels, True) if labels else classes_seen(item, task, data, limit=limit)
    found = [entry for entry in label_findings(models, seen, name) if is_whole or entry.severity == "error"]
    if found or not (labels or are_numbers_alone(item, task, data)):
        return found
    taken = next((model for model in models if are_taken_by_number(seen, model.labels)), None)
    if taken is None:
        return []
    message = number_words(name, seen, short_name(taken.text), taken.labels)
    return [finding("labels_by_number", "warning", ("data", index, "labels"), message, BY_NUMBER)]


def _image_findings(item: Measure, index: int, task: Task, model: Runnable, facts: Facts) -> list[Finding]:
    """Pictures of another size than the model takes, unless the recipe says how they are to be fitted."""
    if task.name != "image-classification" or "fit" in item.options:
        return []
    misfit = image_finding(model.text, model.runs, model.path, item, image_of(item, facts))
    if misfit is None:
        return []
    ways = [
        add(("data", index, "options"), {**item.options, "fit": fit}, label)
        for fit, label in (("stretch", "Stretch the images"), ("crop", "Scale and crop the images"))
    ]
    consequence = "Images are stretched or cropped only where the recipe says so, with options.fit."
    return [misfit.model_copy(update={"repair": tuple(ways), "consequence": consequence})]


def _task(item: Measure, data: RepoFacts, models: Sequence[Runnable]) -> Task | None:
    """As the job will find it. Where that is none, the task that the asker most likely means, so that more can be said.

    That is the one that the first model shares with the data, else the one that it would share without the columns that the recipe names.
    """
    entries = [(model.facts, model.base) for model in models]
    found = task_of(item, data, entries)
    if found is not None or item.task is not None:
        return found
    bare = item.model_copy(update={"columns": {}})
    tries = [(item, [entry]) for entry in entries] + [(bare, entries)] + [(bare, [entry]) for entry in entries]
    return next((task for measure, among in tries if (task := task_of(measure, data, among)) is not None), None)


def _task_unknown(item: Measure, index: int, data: RepoFacts) -> Finding:
    names = joined([task.name for task in TASKS])
    if item.task is not None:
        message = f"There is no task {item.task[:80]}. It must be one of {names}."
        return finding("unknown_task", "error", ("data", index, "task"), message)
    held = ", ".join(f"{name} ({kind})" for name, kind in list(columns_of(data).items())[:12]) or "no columns"
    message = f"{short_name(item.data)} suits nothing that these models can do: it has {held}."
    consequence = f"Say the task, and which columns it takes. Tasks are {names}."
    repair = [remove(("data", index), "Remove this dataset")]
    return finding("task_unknown", "error", ("data", index), message, consequence, repair)


def _benchmark_finding(item: Measure, index: int) -> Finding:
    message = f"{item.benchmark} is the name of a benchmark. Benchmarks live on a hub, and none is asked here."
    consequence = "Submit the recipe to a hub, or write down data, split and task instead of the name."
    return finding("benchmark_unknown", "error", ("data", index, "benchmark"), message, consequence)


def _rows(item: Measure, facts: Facts, limit: int | None) -> int:
    """Rows to be measured; estimated from the bytes where nobody counted them."""
    rows = rows_of(item, facts)
    if rows < 0:
        held = facts.get(item.data)
        rows = max(1, (held.size_bytes if held is not None else 0) // _ROW_BYTES)
    return min(rows, *(bound for bound in (item.limit, limit, 10**9) if bound is not None))


def _estimate(
    recipe: EvaluateRecipe, facts: Facts, models: Sequence[Runnable], tasks: Sequence[Task | None]
) -> Estimate:
    rows = sum(_rows(item, facts, recipe.limit) for item in recipe.data) * recipe.repeats
    runs = [model.runs for model in models]
    task = next((task.name for task in tasks if task is not None), "")
    batch = min((recipe.batch_size or batch_that_fits(held, task, BATCH_SIZE, None) for held in runs), default=1)
    data = [held for item in recipe.data if (held := facts.get(item.data)) is not None]
    return models_estimate(
        runs, data, sum(pass_cost(held) for held in runs) * rows, batch=batch, task=task,
        write_bytes=_ANSWER_BYTES * rows * len(recipe.models),
    )  # fmt: skip


def _fit_findings(estimate: Estimate) -> list[Finding]:
    kind = kind_get("evaluate")
    if kind is None or estimate.memory_bytes <= kind.limits.memory_bytes:
        return []
    message = f"This takes about {size_text(estimate.memory_bytes)} of memory; a job is given {size_text(kind.limits.memory_bytes)}."
    consequence = "Measure smaller models, or lower batch_size."
    return [finding("does_not_fit", "error", ("models",), message, consequence)]


def _agreements(recipe: EvaluateRecipe, facts: Facts, models: Sequence[Runnable]) -> tuple[str, ...]:
    labels = {len(model.labels) for model in models if model.labels}
    what = counted(len(recipe.models), "model") + (
        f" with {counted(labels.pop(), 'label')}" if len(labels) == 1 else ""
    )
    uncounted = any(rows_of(item, facts) < 0 for item in recipe.data)
    rows = counted(sum(_rows(item, facts, recipe.limit) for item in recipe.data), "example")
    return (f"{what}, {'about ' if uncounted else ''}{rows} each.",)
