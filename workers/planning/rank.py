"""RANK: which entries fit labelled data, and which estimators can be asked. From headers and configs alone."""

from workers.contracts.complaints import nearest
from workers.contracts.estimators import ESTIMATORS, Estimator, estimator_get
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.kinds import kind_get
from workers.contracts.paths import Path
from workers.contracts.plans import Check, Estimate
from workers.contracts.recipes import BATCH_SIZE, Measure, RankRecipe
from workers.contracts.tasks import Task, task_get
from workers.planning.architectures import shape_of
from workers.planning.bases import ON_A_BASE, base_text
from workers.planning.check import Facts
from workers.planning.contents import content_findings
from workers.planning.estimate import models_estimate, pass_cost
from workers.planning.heads import TABULAR_TASKS
from workers.planning.licences import licence_judge
from workers.planning.lone import is_onnx, known_tasks, lone_findings
from workers.planning.measuring import column_findings, columns_of
from workers.planning.runnable import data_findings, image_finding, image_of, rows_of
from workers.planning.wording import counted, finding, joined, remove, short_name, size_text

# Tasks whose examples have a class or a number that features could tell.
RANKED = (
    "image-classification",
    "text-classification",
    "tabular-classification",
    "text-regression",
    "tabular-regression",
)
LEAST = 20
_WIDTH = 1024  # of features, where a config does not say
_MODALITY = {"image": "pictures", "text": "texts", "unknown": "things unknown"}


def rank_task(measure: Measure, data: RepoFacts) -> Task | None:
    """The task that the sample is labelled for: what the recipe says, else the first that the data has columns for."""
    if measure.task is not None:
        return task_get(measure.task) if measure.task in RANKED else None
    columns = columns_of(data)
    tasks = [task for name in RANKED if (task := task_get(name)) is not None]
    return next((task for task in tasks if not column_findings(measure, task, columns)), None)


def estimators_for(recipe: RankRecipe, task: Task) -> tuple[Estimator, ...]:
    """Those the recipe names, in its order, else all; of them those that the task's gold answers suit."""
    asked = [row for name in recipe.estimators if (row := estimator_get(name)) is not None] or list(ESTIMATORS)
    return tuple(row for row in dict.fromkeys(asked) if task.is_classification or row.ranks_numbers)


def fit_findings(
    text: str, held: RepoFacts | None, base: RepoFacts | None, task: Task, path: Path, *, item: Measure, facts: Facts
) -> list[Finding]:
    """What stops an entry from looking at the sample: the same for an entry that was named and for one that is chosen."""
    findings = lone_findings(text, held, base, path)
    if held is None or findings:
        return findings
    runs = base if held.artifact in ON_A_BASE and base is not None else held
    name = short_name(text)
    if is_onnx(runs) or task.name in TABULAR_TASKS:
        if is_onnx(runs) and task.name in known_tasks(held, base):
            return []
        message = f"{name} is not made for {task.label.lower()}."
        return [finding("task_mismatch", "error", path, message, "It cannot look at the sample.")]
    wanted = "image" if task.name.startswith("image") else "text"
    modality = _modality(runs)
    if modality != wanted:
        message = f"{name} looks at {_MODALITY[modality]}, the sample holds {_MODALITY[wanted]}."
        return [finding("task_mismatch", "error", path, message, "It cannot look at the sample.")]
    if wanted == "text" and not runs.tokenizer_digest:
        message = f"{short_name(base_text(held)) if runs is base else name} brings no tokenizer."
        return [finding("tokenizer_missing", "error", path, message, "Texts cannot go into it.")]
    misfit = image_finding(text, runs, path, item, image_of(item, facts)) if wanted == "image" else None
    return [misfit] if misfit is not None else []


def _modality(facts: RepoFacts) -> str:
    """What the entry looks at: as its family says, else as what lies beside its weights shows."""
    known = shape_of(facts.config).modality
    if known != "unknown":
        return known
    if "num_channels" in facts.config or "image_size" in facts.config:
        return "image"
    return "text" if facts.tokenizer_digest else "unknown"


def check(recipe: RankRecipe, facts: Facts) -> Check:
    if not recipe.data:
        return Check()  # what is left of a recipe without a sample, which has been said already
    item, data = recipe.data[0], facts.get(recipe.data[0].data)
    findings: list[Finding] = _data_findings(item, facts)
    task = rank_task(item, data) if data is not None else None
    if data is not None and not findings:
        findings += _task_findings(item, data, task)
        findings += _content_findings(item, data, task)
    findings += _estimator_findings(recipe, task)
    models: list[RepoFacts] = []
    seen: set[tuple[str, str]] = set()
    for index, text in enumerate(recipe.models):
        path: Path = ("models", index)
        held = facts.get(text)
        base = facts.get(base_text(held)) if held is not None else None
        if task is not None:
            found = fit_findings(text, held, base, task, path, item=item, facts=facts)
        else:
            found = lone_findings(text, held, base, path)
        repair = [remove(path, "Remove this model")]
        findings += [entry.model_copy(update={"repair": tuple(entry.repair) or tuple(repair)}) for entry in found]
        if held is None:
            continue
        key = (held.repo, held.commit) if held.commit else ("", text)
        if key in seen:
            findings.append(
                finding("duplicate_model", "error", path, f"{short_name(text)} is given twice.", repair=repair)
            )
        seen.add(key)
        models += [entry for entry in (held, base) if entry is not None]
    if not recipe.models:
        # Where models are known, as on a hub, those that fit are here by now.
        message = "No models are given, and there are none here that fit the sample. Name those to choose from."
        findings.append(finding("nothing_fits", "error", ("models",), message))
    rows = min(rows_of(item, facts), recipe.limit) if data is not None else 0
    # A count that only reading would tell is taken for as many as are looked at.
    rows = recipe.limit if rows < 0 else rows
    estimate = models_estimate(
        models, [data] if data is not None else [], sum(pass_cost(held) for held in models) * rows, batch=BATCH_SIZE
    )
    width = max((shape_of(held.config).width or _WIDTH for held in models), default=0)
    estimate = estimate.model_copy(update={"memory_bytes": estimate.memory_bytes + rows * width * 8 * 4})
    findings += _fit_findings(estimate)
    agreements = (f"{counted(len(recipe.models), 'model')}, {counted(rows, 'example')}.",) if task is not None else ()
    return Check(
        findings=tuple(findings), agreements=agreements, licence=licence_judge("evaluate", []), estimate=estimate
    )


def _fit_findings(estimate: Estimate) -> list[Finding]:
    kind = kind_get("rank")
    if kind is None or estimate.memory_bytes <= kind.limits.memory_bytes:
        return []
    message = f"This takes about {size_text(estimate.memory_bytes)} of memory; a job is given {size_text(kind.limits.memory_bytes)}."
    return [finding("does_not_fit", "error", ("limit",), message, "Lower the limit, or rank smaller models.")]


def _data_findings(item: Measure, facts: Facts) -> list[Finding]:
    findings = data_findings([item], facts)
    rows = rows_of(item, facts) if not findings else -1
    if 0 < rows < LEAST:
        message = f"{short_name(item.data)} has {rows} examples in {item.split}. A ranking needs at least {LEAST}."
        findings.append(finding("too_few_examples", "error", ("data", 0, "split"), message))
    return findings


def _task_findings(item: Measure, data: RepoFacts, task: Task | None) -> list[Finding]:
    path: Path = ("data", 0)
    if task is not None:
        return column_findings(item, task, columns_of(data), where="data[0]") if item.task is not None else []
    if item.task is not None:
        message = f"Entries cannot be ranked for {item.task[:80]}. The task must be one of {joined(RANKED)}."
        return [finding("task_unknown", "error", (*path, "task"), message)]
    held = joined(sorted(columns_of(data))[:12]) if columns_of(data) else "none that is known"
    message = f"{short_name(item.data)} has no labels that entries could be ranked by. Its columns are {held}."
    return [
        finding("task_unknown", "error", path, message, "Say with columns which one is the label, and name the task.")
    ]


def _content_findings(item: Measure, data: RepoFacts, task: Task | None) -> list[Finding]:
    """As for an evaluation; but where all answers are the same there is nothing to rank by. The recipe's limit draws, it does not cut."""
    found = content_findings(item, task, data, ("data", 0)) if task is not None else []
    return [_same_answers(entry, item, data) if entry.code == "one_class" else entry for entry in found]


def _same_answers(entry: Finding, item: Measure, data: RepoFacts) -> Finding:
    is_whole = all(seen.is_whole for seen in data.seen.get(item.split, {}).values())
    consequence = "No model can be better at that than another." if is_whole else "If that is so to the end, the job ends without a ranking."  # fmt: skip
    return entry.model_copy(update={"severity": "error" if is_whole else "warning", "consequence": consequence})


def _estimator_findings(recipe: RankRecipe, task: Task | None) -> list[Finding]:
    findings = []
    names = [row.name for row in ESTIMATORS]
    for index, name in enumerate(recipe.estimators):
        path: Path = ("estimators", index)
        row = estimator_get(name)
        repair = [remove(path, "Leave it out")]
        if row is None:
            meant = nearest(name, names)
            hint = f"Did you mean {meant}?" if meant else f"There are {joined(names)}."
            findings.append(
                finding("estimator_unknown", "error", path, f"There is no estimator {name[:80]}. {hint}", repair=repair)
            )
        elif task is not None and not task.is_classification and not row.ranks_numbers:
            message = f"{row.label} is for classes; the sample holds numbers."
            findings.append(finding("estimator_undefined", "error", path, message, repair=repair))
    return findings
