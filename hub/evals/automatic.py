"""AUTOMATIC EVALUATION: the result of a job is measured on what its parents were measured on, and parents beside it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError, transaction

from hub.benchmarks.definitions import measure_of
from hub.benchmarks.selectors import versions_visible
from hub.blobs.models import Blob
from hub.catalog.models import Commit
from hub.catalog.selectors import facts_of
from hub.core.errors import ApplicationError
from hub.evals.models import Evaluation
from hub.evals.twins import evaluations_at, evaluations_at_oid
from hub.jobs.models import Job, JobInput, JobLog
from hub.recipes.benchmarking import benchmarks_expand
from hub.recipes.resolution import reference_resolve
from hub.recipes.services import followup_submit
from workers.contracts.benchmarks import Definition
from workers.contracts.facts import RepoFacts
from workers.contracts.jobs import JobResult
from workers.contracts.parsing import RECIPES
from workers.contracts.recipes import EvaluateRecipe, Measure, TrainRecipe
from workers.contracts.tasks import task_get
from workers.planning.measuring import definition_for, task_of
from workers.planning.wording import counted

logger = logging.getLogger(__name__)
PARENT_ROLES = ("base", "source", "model")
# Of what parents were measured on, so many definitions at most: those that most of them share.
DEFINITIONS = 8
PARENTS = 16


@dataclass(frozen=True)
class Parent:
    """An input at its commit, with what was measured of its weights, by digest."""

    reference: str
    role: str
    rows: dict[str, Evaluation] = field(default_factory=dict)


def result_measure(*, job: Job, result: JobResult, files: Mapping[str, Blob], commit: Commit | None) -> None:
    """Once a result is in the catalogue: the publish hook of the kinds that make models.

    `evaluate` of the recipe says on what; left out, it is what the parents were measured on, and for a training the test
    split of its data; an empty list measures nothing. A parent is measured too where it lacks the number.

    The result stands whatever comes of this: a measurement that cannot be submitted is a line in the log.
    """
    if commit is None or job.reproduces_id is not None:
        return
    try:
        with transaction.atomic():
            _measure_result(job, commit)
    except (DatabaseError, LookupError, ValueError):
        # Hours of training are not thrown away because of a fault in what comes after them.
        logger.exception("the result of job %s was not measured", job.pk)
        message = (
            "The result was not measured: the hub made a mistake, and wrote it down. Ask for an evaluation by hand."
        )
        JobLog.objects.create(job=job, attempt=job.attempt, level="warning", message=message)


def _measure_result(job: Job, commit: Commit) -> None:
    recipe = RECIPES[job.kind].model_validate(job.request["recipe"])
    asked: Sequence[Measure] | None = getattr(recipe, "evaluate", None)
    if asked is not None and not asked:
        return
    parents = parents_of(job)
    wanted = _asked(job, commit, asked) if asked is not None else _inherited(job, commit, recipe, parents)
    for models, measures in _grouped(commit, parents, wanted).items():
        _measure(job, commit, models, measures, seed=recipe.seed)


def parents_of(job: Job) -> list[Parent]:
    """The models that went in and that the owner may still read, in recipe order, each once."""
    found: dict[str, Parent] = {}
    for item in JobInput.objects.filter(job=job, role__in=PARENT_ROLES).select_related("repo").order_by("id"):
        if item.repo is None or len(found) >= PARENTS:
            continue
        commit = Commit.objects.filter(repo=item.repo, oid=item.commit_oid).defer("facts", "findings").first()
        rows = evaluations_at(item.repo.pk, commit, job.owner) if commit is not None else evaluations_at_oid(item.repo.pk, item.commit_oid, "", job.owner)  # fmt: skip
        reference = f"{item.repo.full_name}@{item.commit_oid}"
        usable = {row.definition_digest: row for row in rows.values() if row.definition_digest and not row.invalid}
        found.setdefault(reference, Parent(reference, item.role, usable))
    return list(found.values())


def _inherited(job: Job, commit: Commit, recipe: object, parents: Sequence[Parent]) -> dict[str, Measure]:
    """By digest: what most of the parents were measured on first. Definitions of an older protocol are left out."""
    shared: dict[str, list[Evaluation]] = {}
    for parent in parents:
        for digest, row in parent.rows.items():
            shared.setdefault(digest, []).append(row)
    own = _of_training(job, commit, recipe) if isinstance(recipe, TrainRecipe) else {}
    names = _benchmarks_of(job, [*shared, *own])
    found = {digest: Measure(benchmark=names[digest]) if names.get(digest) else item for digest, item in own.items()}
    order = sorted(
        shared.items(), key=lambda item: (item[0] not in names, -len(item[1]), item[1][0].split != "test", item[1][0].data_name)
    )  # fmt: skip
    for digest, rows in order:
        definition = Definition.model_validate(rows[0].definition)
        task = task_get(definition.task)
        if task is not None and task.protocol == definition.protocol and names.get(digest) != "":
            found.setdefault(digest, measure_of(definition, benchmark=names.get(digest)))
    return dict(list(found.items())[:DEFINITIONS])


def _benchmarks_of(job: Job, digests: Sequence[str]) -> dict[str, str]:
    """The name of each digest that is a benchmark's; "" where every version that has it is retired."""
    names: dict[str, str] = {}
    rows = versions_visible(job.owner).filter(digest__in=digests).order_by("benchmark__created_at", "number")
    for version in rows:
        if version.retired:
            names.setdefault(version.digest, "")
        elif not names.get(version.digest):
            names[version.digest] = f"{version.benchmark.name}@{version.number}"
    return names


def _of_training(job: Job, commit: Commit, recipe: TrainRecipe) -> dict[str, Measure]:
    """The test split of what it was trained on, where there is one: the first thing one wants to know."""
    found: dict[str, Measure] = {}
    for item in recipe.data:
        _, _, facts = reference_resolve(user=job.owner, type="dataset", text=item.data)
        if facts is not None and facts.splits.get("test"):
            measure = Measure(data=item.data, split="test", task=recipe.task, columns=recipe.columns)
            found |= _with_digest(measure, facts, facts_of(commit))
    return found


def _asked(job: Job, commit: Commit, asked: Sequence[Measure]) -> dict[str, Measure]:
    """By digest where it can be told before it is measured, else by place."""
    expanded, _ = benchmarks_expand(user=job.owner, recipe=EvaluateRecipe(models=("a/b",), data=tuple(asked)))
    found: dict[str, Measure] = {}
    for place, measure in enumerate(expanded.data if isinstance(expanded, EvaluateRecipe) else asked):
        _, _, facts = reference_resolve(user=job.owner, type="dataset", text=measure.data)
        known = _with_digest(measure, facts, facts_of(commit)) if facts is not None else {}
        found |= known or {str(place): measure}
    return found


def _with_digest(measure: Measure, data: RepoFacts, model: RepoFacts) -> dict[str, Measure]:
    task = task_of(measure, data, [(model, None)])
    return {definition_for(measure, task, data, limit=None).digest: measure} if task is not None else {}


def _grouped(
    commit: Commit, parents: Sequence[Parent], wanted: Mapping[str, Measure]
) -> dict[tuple[str, ...], list[Measure]]:
    """Measurements that need the same models go into one job. What is not a whole model takes its base with it."""
    needs_base = commit.repo.artifact != "model" or facts_of(commit).artifact != "model"
    groups: dict[tuple[str, ...], list[Measure]] = {}
    for digest, measure in wanted.items():
        lacking = [
            parent.reference
            for parent in parents
            if digest not in parent.rows or (needs_base and parent.role in ("base", "model"))
        ]
        groups.setdefault((f"{commit.repo.full_name}@{commit.oid}", *lacking), []).append(measure)
    return groups


def _measure(job: Job, commit: Commit, models: tuple[str, ...], measures: Sequence[Measure], *, seed: int) -> None:
    """One job for all; where that is refused, one for each, and at last the result by itself: parents may not fit."""
    first = _try(job, commit, models, measures, seed)
    if first is None:
        return
    for measure in measures:
        refusal = _try(job, commit, models, [measure], seed) if len(measures) > 1 else first
        if refusal is not None and len(models) > 1:
            refusal = _try(job, commit, models[:1], [measure], seed)
        if refusal is not None:
            _tell(job, measure, refusal)


def _try(
    job: Job, commit: Commit, models: tuple[str, ...], measures: Sequence[Measure], seed: int
) -> ApplicationError | None:
    recipe = EvaluateRecipe(models=models, data=tuple(measures), seed=seed)
    title = f"Evaluation of {commit.repo.full_name} on {counted(len(measures), 'dataset')}"
    try:
        with transaction.atomic():
            document = {"kind": recipe.kind} | recipe.model_dump(mode="json", exclude_defaults=True)
            followup_submit(user=job.owner, document=document, parent=job, title=title)
    except ApplicationError as error:
        return error
    return None


def _tell(job: Job, measure: Measure, error: ApplicationError) -> None:
    reasons = "; ".join(finding.message for finding in error.findings if finding.severity == "error")
    name = measure.benchmark or f"{measure.data.partition('@')[0]}, {measure.split}"
    message = f"The result was not measured on {name}. {reasons or error.message}"
    JobLog.objects.create(job=job, attempt=job.attempt, level="warning", message=message)
