"""From a checked request to a row in the ledger, once."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from hub.accounts.models import User
from hub.catalog.models import Repo
from hub.core.errors import Conflict, Invalid, TooMany
from hub.jobs import bell
from hub.jobs.compute import charged_namespace, compute_check
from hub.jobs.models import Job, JobInput, JobKey
from hub.jobs.services.transition import job_wake, state_announce
from hub.jobs.states import FINAL, State
from workers.contracts.jobs import JobRequest
from workers.contracts.kinds import kind_get
from workers.contracts.parameters import recipe_resolved
from workers.contracts.plans import Check

# Somebody sits before the page and waits for a try, which takes seconds: among waiting jobs it comes before all that have waited for less than a day.
PRIORITIES = {"try": 24}


def _pinned(value: Any, names: Mapping[str, str]) -> Any:
    """The recipe with every reference replaced by the commit it stands for."""
    if isinstance(value, dict):
        return {key: _pinned(entry, names) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_pinned(entry, names) for entry in value]
    return names.get(value, value) if isinstance(value, str) else value


def request_hash_make(request: JobRequest) -> str:
    """Equal for equal work: the recipe at its commits with every parameter written out, the content of every input, and the revision of kind and method."""
    names = {
        entry.reference: f"{entry.facts.repo}@{entry.facts.commit}" for entry in request.inputs if entry.facts.commit
    }
    document = {
        "kind": request.kind,
        "revision": request.revision,
        "recipe": _pinned(recipe_resolved(request.recipe), names),
        "inputs": [
            [
                entry.role,
                entry.index,
                entry.facts.repo,
                entry.facts.commit,
                sorted([file.path, file.sha256] for file in entry.files),
            ]
            for entry in request.inputs
        ],
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def cached_find(*, user: User, request_hash: str, makes_repo: bool) -> Job | None:
    """An identical job that succeeded, that `user` may see, and whose result is still there for them."""
    done: QuerySet[Job] = (
        Job.objects.visible_to(user)
        .filter(request_hash=request_hash, state=State.SUCCEEDED, reproduces=None)
        .order_by("-number")
    )
    for job in done[:5]:
        output = job.outputs.filter(role="result").order_by("position").first()
        if not makes_repo:
            return job
        if (
            output is not None
            and output.commit_id
            and Repo.objects.visible_to(user, "read").filter(pk=output.repo_id).exists()
        ):
            return job
    return None


def under_way_find(*, owner: User, request_hash: str) -> Job | None:
    """An identical job of the same owner that has not ended. One that is being cancelled will make nothing."""
    jobs = Job.objects.filter(owner=owner, request_hash=request_hash, reproduces=None)
    job: Job | None = jobs.exclude(state__in=(*FINAL, State.CANCELLING)).order_by("number").first()
    return job


def by_key(*, owner: User, key: str, recipe: Mapping[str, Any]) -> Job | None:
    """The job that this owner was already answered with for this key. The same key for another recipe is a mistake, and said so."""
    sent = json.loads(json.dumps(recipe))
    job: Job | None = Job.objects.filter(owner=owner, idempotency_key=key).first()
    if job is not None and job.recipe != sent:
        raise Conflict(f"This Idempotency-Key belongs to job {job.number}, which has another recipe. Send a new key.")
    bound = JobKey.objects.filter(owner=owner, key=key).first() if job is None else None
    if bound is None:
        return job
    if bound.recipe != sent:
        raise Conflict("This Idempotency-Key was sent with another recipe before. Send a new key.")
    answer: Job | None = Job.objects.visible_to(owner).filter(pk=bound.job_id).first()
    return answer


@transaction.atomic
def job_submit(
    *,
    owner: User,
    request: JobRequest,
    title: str,
    check: Check,
    idempotency_key: str | None = None,
    force: bool = False,
    parent: Job | None = None,
    depends_on: Iterable[Job] = (),
    reproduces: Job | None = None,
    document: Mapping[str, Any] | None = None,
) -> tuple[Job, bool]:
    """Adds a job, or gives the one that is there already: made with the same key, or for the same request.

    `document` is the recipe as the person wrote it. The owner's row is locked first, so that two clicks at once
    make one job and the cap on queued jobs holds. Follow-up jobs of another job are not counted against the cap, and are
    charged to whoever that one is charged to.
    """
    if idempotency_key and not (len(idempotency_key) <= 128 and idempotency_key.isprintable()):
        raise Invalid("An Idempotency-Key has at most 128 characters, all of them printable.")
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    recipe = dict(document if document is not None else request.recipe)
    if idempotency_key:
        known = by_key(owner=owner, key=idempotency_key, recipe=recipe)
        if known is not None:
            return known, False
    kind = kind_get(request.kind)
    if kind is None:
        raise LookupError(request.kind)
    request_hash = request_hash_make(request)
    if not force:
        cached = cached_find(user=owner, request_hash=request_hash, makes_repo=kind.makes_repo)
        known = cached or under_way_find(owner=owner, request_hash=request_hash)
        if known is not None:
            if idempotency_key:
                bound = {"recipe": recipe, "job": known}
                JobKey.objects.update_or_create(owner=owner, key=idempotency_key, defaults=bound)
            return known, False
    if (
        parent is None
        and Job.objects.filter(owner=owner, state__in=(State.QUEUED, State.WAITING)).count()
        >= settings.QUEUED_PER_OWNER
    ):
        raise TooMany(
            f"{settings.QUEUED_PER_OWNER} of your jobs are waiting already. Cancel one, or wait until one has started."
        )
    charged = parent.charged_to if parent is not None else charged_namespace(owner, request)
    if parent is None:
        compute_check(charged)
    needed = [job for job in depends_on if job.state != State.SUCCEEDED]
    job = Job.objects.create(
        owner=owner,
        charged_to=charged,
        kind=request.kind,
        method=str(request.recipe.get("method") or ""),
        title=title[:200],
        recipe=recipe,
        request=request.model_dump(mode="json", by_alias=True),
        request_hash=request_hash,
        idempotency_key=idempotency_key or None,
        check_report=check.model_dump(mode="json", by_alias=True, exclude={"plan"}),
        state=State.WAITING if needed else State.QUEUED,
        queue="gpu" if request.device.startswith("cuda") else kind.queue,
        priority=PRIORITIES.get(kind.name, 0),
        max_attempts=kind.max_attempts,
        needs_memory_bytes=check.estimate.memory_bytes,
        parent=parent,
        reproduces=reproduces,
    )
    job.refresh_from_db()
    inputs_add(job, request)
    job.depends_on.add(*needed)
    state_announce(job)
    if any(other.state in FINAL for other in needed):
        return job_wake(job=job), True
    if job.state == State.QUEUED:
        bell.ring(job.queue)
    return job, True


def inputs_add(job: Job, request: JobRequest) -> None:
    named = [entry for entry in request.inputs if entry.facts.repo]
    repos = {
        (repo.type, repo.full_name): repo.pk
        for repo in Repo.objects.filter(full_name__in={entry.facts.repo for entry in named}).only(
            "pk", "type", "full_name"
        )
    }
    JobInput.objects.bulk_create(
        JobInput(
            job=job,
            repo_id=repos.get((entry.facts.repo_type, entry.facts.repo)),
            commit_oid=entry.facts.commit,
            role=entry.role,
            position=entry.index,
        )
        for entry in named
    )
