"""Recipes become jobs here, and nowhere else: checked as a whole, refused as a whole, submitted once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from hub.accounts.models import User
from hub.catalog.models import Repo
from hub.core.errors import NOT_VISIBLE, Refused
from hub.imports.services import import_start
from hub.jobs.models import Job
from hub.jobs.rights import output_check
from hub.jobs.selectors import device_for
from hub.jobs.services import job_submit
from hub.jobs.services.submitting import by_key
from hub.recipes.benchmarking import benchmarks_expand, told_twice
from hub.recipes.external import Wanted, check_without, held_findings, imports_start, wanted_findings, wanted_of
from hub.recipes.overrides import policy_apply
from hub.recipes.ranking import models_expand
from hub.recipes.resolution import Resolved, facts_by_text, reference_resolve, references_resolve
from hub.recipes.titles import title_make
from hub.recipes.vocabularies import tokenizers_attach
from workers.contracts.findings import Finding, Repair
from workers.contracts.jobs import Input, JobRequest
from workers.contracts.kinds import Kind, kind_get
from workers.contracts.methods import revision_of
from workers.contracts.parsing import Parsed, parse
from workers.contracts.plans import Check
from workers.contracts.recipes import AnyRecipe, ExtractRecipe, ImportRecipe, MergeRecipe, Output, TrainRecipe
from workers.contracts.references import repo_reference_parse
from workers.planning.check import check_parsed
from workers.planning.wording import counted


@dataclass(frozen=True)
class CheckReport:
    """`check.findings` are all findings: of the text, of the plan, of rights. `inputs` are the repos at their commits, without files.

    `wanted` are inputs that have to be imported first; until they are here nothing is planned.
    """

    parsed: Parsed
    check: Check
    inputs: tuple[Resolved, ...]
    wanted: tuple[Wanted, ...] = ()


def recipe_check(*, user: User, document: Any) -> CheckReport:
    """What `user` would get for this recipe: every finding at once, licence, estimate, plan. Writes nothing."""
    return _check(user, parse(document))


def _check(user: User, parsed: Parsed) -> CheckReport:
    if parsed.readable is None:
        return CheckReport(parsed, check_parsed(parsed, {}), ())
    recipe, told = benchmarks_expand(user=user, recipe=parsed.readable)
    recipe, chosen = models_expand(user=user, recipe=recipe)
    parsed = replace(parsed, recipe=recipe if parsed.recipe is not None else None, salvaged=recipe)
    resolved = tuple(tokenizers_attach(recipe=recipe, resolved=references_resolve(user=user, recipe=recipe)))
    wanted = tuple(wanted_of(user=user, resolved=resolved))
    more = (
        *_output_findings(user, recipe, resolved), *_measure_findings(user, recipe), *wanted_findings(wanted), *held_findings(resolved), *chosen,
    )  # fmt: skip
    check = check_parsed(parsed, facts_by_text(resolved), more=[*more, *told])
    if told:
        own = list(parsed.located(told))
        kept = tuple(finding for finding in check.findings if not told_twice(finding, own))
        check = check.model_copy(update={"findings": kept})
    check = policy_apply(check, recipe)
    return CheckReport(parsed, check_without(check, wanted) if wanted else check, resolved, wanted)


def _output_findings(user: User, recipe: AnyRecipe, resolved: tuple[Resolved, ...]) -> tuple[Finding, ...]:
    kind = kind_get(recipe.kind)
    if recipe.output is None:
        if kind is None or not kind.makes_repo:
            return ()
        message = (
            "The recipe does not say where the result goes. Add output with the name of a repo, such as alice/merged."
        )
        return (Finding(code="output_missing", severity="error", message=message, where="output"),)
    if repo_reference_parse(recipe.output.repo) is None:
        return ()  # the parser has said so
    repos = [entry.repo for entry in resolved if entry.repo is not None]
    found = output_check(user=user, output=recipe.output, input_repos=repos)
    return found or _named_in_public(recipe.output, repos)


def _named_in_public(output: Output, repos: Sequence[Repo]) -> tuple[Finding, ...]:
    """Their owner may publish what is made of private inputs, but should know that the card, the recipe and the manifest name them."""
    private = sorted({repo.full_name for repo in repos if repo.visibility == "private"})
    if output.visibility != "public" or not private:
        return ()
    return (
        Finding(
            code="private_name_public",
            severity="warning",
            message=f"The result is public and its card, recipe and lineage name {', '.join(private)}, which "
            f"{'is' if len(private) == 1 else 'are'} private.",
            consequence="Readers learn the names, not the files.",
            where="output.visibility",
            repair=(
                Repair(
                    label="Keep the result private",
                    patch=({"op": "add", "path": "/output/visibility", "value": "private"},),
                ),
            ),
        ),
    )


def _measure_findings(user: User, recipe: AnyRecipe) -> list[Finding]:
    """Data on which a result is to be measured afterwards: no input of the job, but it has to be there."""
    if not isinstance(recipe, MergeRecipe | TrainRecipe | ExtractRecipe):
        return []
    return [
        Finding(
            code="not_found", severity="error", message=f"{entry.data}: {NOT_VISIBLE}", where=f"evaluate[{index}].data"
        )
        for index, entry in enumerate(recipe.evaluate or ())
        if entry.data or entry.benchmark is None
        if reference_resolve(user=user, type="dataset", text=entry.data)[2] is None
    ]


def recipe_submit(
    *, user: User, document: Any, idempotency_key: str | None = None, force: bool = False
) -> tuple[Job, bool]:
    """A job for this recipe; False beside it when it is one that was there already.

    A key that was used before is looked up first: the answer to a repeated request does not depend on what changed since.
    """
    parsed = parse(document)
    if idempotency_key and isinstance(parsed.document, dict):
        known = by_key(owner=user, key=idempotency_key, recipe=dict(parsed.document))
        if known is not None:
            return known, False
    return _submit(user, _check(user, parsed), idempotency_key=idempotency_key, force=force)


@transaction.atomic
def _submit(
    user: User, report: CheckReport, *, idempotency_key: str | None = None, force: bool = False, parent: Job | None = None,
    title: str = "",
) -> tuple[Job, bool]:  # fmt: skip
    recipe = report.parsed.recipe
    kind = kind_get(recipe.kind) if recipe is not None else None
    if recipe is None or kind is None or not report.check.ok:
        raise Refused(refusal_words(report.check.findings), findings=report.check.findings)
    if isinstance(recipe, ImportRecipe):
        return _import(user, recipe), True
    return job_submit(
        owner=user,
        request=request_make(recipe, kind, report),
        depends_on=imports_start(user=user, wanted=report.wanted),
        title=title or title_make(recipe),
        check=report.check,
        idempotency_key=idempotency_key,
        force=force,
        parent=parent,
        document=report.parsed.document,
    )


def _import(user: User, recipe: ImportRecipe) -> Job:
    """A recipe of the kind import: the same as asking for it at /imports."""
    origin = import_start(
        user=user, source=recipe.source, type=recipe.type, mode=recipe.mode, endpoint=recipe.endpoint, all_refs=recipe.all_refs,
        target=recipe.output.repo if recipe.output is not None else None,
    )  # fmt: skip
    return Job.objects.get(imports=origin)


def refusal_words(findings: tuple[Finding, ...]) -> str:
    errors = sum(finding.severity == "error" for finding in findings)
    return f"{counted(errors, 'error')} {'stops' if errors == 1 else 'stop'} this recipe. Fix {'it' if errors == 1 else 'them'} to submit."


def request_make(recipe: AnyRecipe, kind: Kind, report: CheckReport) -> JobRequest:
    """The recipe with its inputs at their commits, file by file."""
    inputs: list[Input] = [entry for entry in (resolved.input() for resolved in report.inputs) if entry is not None]
    estimate = report.check.estimate
    wants_gpu = kind.uses_gpu or estimate.prefers_gpu
    device = device_for(memory_bytes=estimate.memory_bytes) if wants_gpu else estimate.device
    return JobRequest(
        kind=recipe.kind,
        recipe=recipe.model_dump(mode="json", by_alias=True),
        inputs=tuple(inputs),
        unresolved=bool(report.wanted),
        plan=report.check.plan,
        licence=report.check.licence,
        revision=revision_of(kind, getattr(recipe, "method", "")),
        seed=recipe.seed,
        device=device,
    )


def followup_submit(*, user: User, document: Any, parent: Job, title: str) -> Job:
    """A job that follows from `parent`, charged to whoever that one is charged to. Refused like any other."""
    return _submit(user, recipe_check(user=user, document=document), parent=parent, title=title)[0]
