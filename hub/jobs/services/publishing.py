"""From files of a finished attempt to a commit in the catalogue: all of it, or none of it."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from hub.accounts.models import User
from hub.blobs.models import Blob
from hub.blobs.services import blob_put_file
from hub.catalog.json_safe import json_safe
from hub.catalog.models import Commit, Repo
from hub.catalog.operations import AddFile, DeleteFile, Operation
from hub.catalog.selectors import commit_resolve, entries_of
from hub.catalog.services import branch_create, commit_create, repo_create
from hub.core.errors import Forbidden, NotFound
from hub.jobs.models import Job, JobLog, JobOutput
from hub.jobs.rights import inputs_check, output_check
from hub.jobs.services.ending import cost_add, job_take
from hub.jobs.services.transition import job_transition
from hub.jobs.states import State
from workers.contracts.errors import Cancelled, UserError
from workers.contracts.findings import Finding
from workers.contracts.jobs import JobResult
from workers.contracts.kinds import kind_get
from workers.contracts.manifests import MANIFEST_FILE, Manifest, Parent
from workers.contracts.methods import method_get
from workers.contracts.recipes import Output

TEXT_ENDINGS = (".json", ".md", ".txt", ".yaml", ".yml", ".py", ".jinja")
REGULAR_BYTES = 10 * 2**20
KEPT = (".gitattributes",)


def job_publish(
    *,
    job_id: UUID,
    attempt: int,
    lease_owner: str,
    result: JobResult,
    folder: Path,
    cost: Mapping[str, Any] | None = None,
) -> Job:
    """Stores the files of `folder` and ends the job `succeeded`, with its commit, outputs and rows of its kind, in one transaction.

    Blobs go first: they are found by content, so a repeat changes nothing and a failure leaves only bytes for the collector.
    Raises LeaseLost for a late attempt, UserError when rights were withdrawn, Cancelled when somebody asked to stop; then
    nothing is published. Asked again after it worked, it gives the job as it is.
    """
    done: Job | None = Job.objects.filter(
        pk=job_id, attempt=attempt, lease_owner=lease_owner, state=State.SUCCEEDED
    ).first()
    if done is not None:
        return done
    owner = User.objects.get(jobs=job_id)
    blobs = _blobs_put(owner, result, folder)
    with transaction.atomic():
        job = job_take(job_id=job_id, attempt=attempt, lease_owner=lease_owner)
        if job.state == State.CANCELLING:
            raise Cancelled("Somebody asked this job to stop.")
        commit = _result_store(job, result, blobs, folder)
        _hook_call(job, result, blobs, commit)
        if result.resumed_units:
            message = f"Parts taken over from an earlier attempt: {result.resumed_units}."
            JobLog.objects.create(job=job, attempt=attempt, message=message)
        metrics = json_safe(result.metrics)
        if job.reproduces is not None:
            metrics["reproduction"] = {
                "of": job.reproduces.number,
                "expected_digest": job.reproduces.tensor_digest,
                "digest": result.tensor_digest,
                "is_equal": result.tensor_digest == job.reproduces.tensor_digest,
            }
        return job_transition(
            job=job,
            to=State.SUCCEEDED,
            metrics=metrics,
            tensor_digest=result.tensor_digest,
            cost=cost_add(job.cost, cost or {}),
            error={},
            traceback="",
        )


def _blobs_put(owner: User, result: JobResult, folder: Path) -> dict[str, Blob]:
    """Every file that the result lists, checked against the digest the child gave."""
    blobs = {}
    for file in result.files:
        # SECURITY: the list is the child's word; nothing but plain files of its own folder is taken.
        if not (folder / file.path).resolve().is_relative_to(folder.resolve()):
            raise RuntimeError(f"{file.path} is not in the folder of the result")
        blob = blob_put_file(path=folder / file.path, user=owner)
        if blob.sha256 != file.sha256:
            raise RuntimeError(f"{file.path} changed between the end of the job and its publishing")
        blobs[file.path] = blob
    return blobs


def _result_store(job: Job, result: JobResult, blobs: Mapping[str, Blob], folder: Path) -> Commit | None:
    """The commit, for kinds that make a repo; else one output row per file. A reproduction leaves only its digest."""
    kind = kind_get(job.kind)
    if job.reproduces_id is not None or kind is None:
        return None
    findings = inputs_check(job=job)
    if findings:
        raise UserError(findings[0].message, findings)
    if not kind.makes_repo and not kind.keeps_files:
        return None
    if not kind.makes_repo:
        JobOutput.objects.bulk_create(
            JobOutput(job=job, role="file", position=position, blob=blob, path=path)
            for position, (path, blob) in enumerate(blobs.items())
        )
        return None
    output = Output.model_validate(job.request["recipe"]["output"])
    try:
        repo, commit = _commit(job, output, result, blobs, folder)
    except (Forbidden, NotFound) as error:
        # Rights were withdrawn between the check and now. Any other refusal of our own files is our mistake.
        finding = Finding(
            code="output_not_writable", severity="error", message=error.message, where="output.repo", stage="run"
        )
        raise UserError(error.message, (finding,)) from error
    JobOutput.objects.create(job=job, role="result", position=0, repo=repo, commit=commit)
    return commit


def _commit(
    job: Job, output: Output, result: JobResult, blobs: Mapping[str, Blob], folder: Path
) -> tuple[Repo, Commit]:
    inputs = Repo.objects.filter(pk__in=job.inputs.values("repo_id"))
    findings = output_check(user=job.owner, output=output, input_repos=inputs)
    if findings:
        raise UserError(findings[0].message, findings)
    namespace, _, name = output.repo.partition("/")
    repo = Repo.objects.filter(type="model", full_name__iexact=output.repo).first()
    if repo is None:
        repo = repo_create(user=job.owner, type="model", namespace=namespace, name=name, visibility=output.visibility)
    try:
        head = commit_resolve(repo, output.branch)
    except NotFound:
        branch_create(repo=repo, name=output.branch, start=commit_resolve(repo, repo.default_branch))
        head = commit_resolve(repo, output.branch)
    manifest = Manifest.model_validate_json((folder / MANIFEST_FILE).read_bytes()) if MANIFEST_FILE in blobs else None
    _searched_title(job, manifest)
    commit = commit_create(
        repo=repo,
        branch=output.branch,
        user=job.owner,
        operations=_operations(head, blobs),
        title=output.message or f"{job.title} (job {job.number})",
        manifest=manifest,
        lineage=_parents(job, manifest),
    )
    return repo, commit


def _searched_title(job: Job, manifest: Manifest | None) -> None:
    """A search is over: the job is called by the method that won, in its list, its commit and its notice."""
    before, of, rest = job.title.partition(" of ")
    row = method_get("merge", manifest.method) if manifest is not None else None
    if not job.request["recipe"].get("search") or not before.startswith("Search over ") or row is None:
        return
    job.method, job.title = row.name, f"{row.label}{of}{rest}"[:200]
    job.save(update_fields=["method", "title"])


def _parents(job: Job, manifest: Manifest | None) -> list[Parent]:
    """What the manifest says the result was made of, as far as this job really read it."""
    read = set(job.inputs.values_list("repo__full_name", "commit_oid"))
    return (
        [parent for parent in manifest.parents if (parent.repo, parent.commit) in read] if manifest is not None else []
    )


def _operations(head: Commit, blobs: Mapping[str, Blob]) -> list[Operation]:
    """The result replaces what is there: an old shard beside a new index would make a model that nobody asked for."""
    stale = [
        entry.path
        for entry in entries_of(head)
        if not entry.is_folder and entry.path not in blobs and entry.path not in KEPT
    ]
    added = [
        AddFile(path, blob, is_lfs=not path.endswith(TEXT_ENDINGS) or blob.size_bytes > REGULAR_BYTES)
        for path, blob in blobs.items()
    ]
    return [*(DeleteFile(path) for path in stale), *added]


def _hook_call(job: Job, result: JobResult, blobs: dict[str, Blob], commit: Commit | None) -> None:
    kind = kind_get(job.kind)
    if kind is None or not kind.publish:
        return
    module, _, name = kind.publish.partition(":")
    getattr(import_module(module), name)(job=job, result=result, files=blobs, commit=commit)
