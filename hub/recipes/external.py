"""References to other hubs (`hf:org/name@revision`): what they stand for here, and what has to be imported first."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from hub.accounts.models import User
from hub.accounts.selectors import namespaces_writable
from hub.catalog.models import Repo
from hub.core.errors import ApplicationError
from hub.imports.endpoints import endpoint_choose
from hub.imports.models import Import
from hub.imports.selectors import imported_find, is_metadata_only
from hub.imports.services import import_start
from hub.jobs.models import Job
from workers.contracts.findings import Finding, Repair
from workers.contracts.paths import path_of
from workers.contracts.plans import Check, Estimate
from workers.contracts.references import RepoReference, repo_reference_parse

SCHEME = "hf:"


@dataclass(frozen=True)
class Wanted:
    """A reference that is not here yet, and the name it will get."""

    type: str
    text: str
    where: str
    target: str


def here_as(*, user: User, type: str, reference: RepoReference) -> tuple[str, str] | None:
    """(full name, commit) of what was imported for this reference and `user` may read; None when nothing was."""
    endpoint = endpoint_meant()
    if endpoint is None:
        return None
    held = imported_find(user=user, endpoint=endpoint, remote=reference.repo, type=type, revision=reference.revision)
    if held is None or held.origin.repo is None:
        return None
    return held.origin.repo.full_name, held.commit.oid


def wanted_of(*, user: User, resolved: Iterable[Any]) -> list[Wanted]:
    """What has to be imported, each once. `resolved` are `resolution.Resolved`."""
    found: dict[tuple[str, str], Wanted] = {}
    for entry in resolved:
        reference = repo_reference_parse(entry.text)
        if entry.facts is None and reference is not None and reference.scheme:
            type = "dataset" if entry.role == "data" else "model"
            found.setdefault((type, entry.text), Wanted(type, entry.text, entry.where, _target(user, type, reference)))
    return list(found.values())


def _target(user: User, type: str, reference: RepoReference) -> str:
    """The name in the asker's namespace: where it was imported before, else one that nothing else has."""
    before = Import.objects.filter(
        owner=user, endpoint=endpoint_meant() or "", remote__iexact=reference.repo, type=type
    ).first()
    if before is not None:
        return before.repo.full_name if before.repo is not None else before.target
    spaces = namespaces_writable(user)
    space = spaces[0] if spaces else user.username
    organisation, _, name = reference.repo.partition("/")
    for full_name in (f"{space}/{name}", f"{space}/{organisation}-{name}"[: len(space) + 97]):
        is_taken = Repo.objects.filter(type=type, full_name__iexact=full_name).exists()
        if not is_taken and not Import.objects.filter(type=type, target__iexact=full_name).exists():
            return full_name
    return f"{space}/{organisation}-{name}"


def endpoint_meant() -> str | None:
    """What `hf:` means on this hub; None where nothing may be imported."""
    try:
        return endpoint_choose(None)
    except ApplicationError:
        return None


def wanted_findings(wanted: Iterable[Wanted]) -> list[Finding]:
    """Each is said; where nothing may be imported, that is what stops the recipe."""
    wanted = list(wanted)
    refusal = "This hub is offline: nothing can be imported." if settings.OFFLINE else ""
    if not refusal and wanted:
        try:
            endpoint_choose(None)
        except ApplicationError as error:
            refusal = error.message
    if refusal:
        return [
            Finding(code="import_refused", severity="error", where=entry.where, message=f"{entry.text} is not here. {refusal}")
            for entry in wanted
        ]  # fmt: skip
    return [
        Finding(
            code="import_first", severity="info", where=entry.where,
            message=f"{entry.text} is not here yet. It is imported first, as {entry.target}.",
            consequence="The job waits for that, and is checked in full once the files are here.",
        )
        for entry in wanted
    ]  # fmt: skip


def held_findings(resolved: Iterable[Any]) -> list[Finding]:
    """Inputs of which only metadata was imported cannot be read by a job."""
    return [
        Finding(
            code="not_mirrored", severity="error", where=entry.where,
            message=f"{entry.text}: only the metadata of this entry was imported. Its files are still at the source.",
            consequence="A job reads every file of its inputs.",
            repair=(Repair(label="Import it again with all files: its page has Mirror now", patch=()),),
        )
        for entry in resolved
        if entry.commit is not None and is_metadata_only(entry.commit)
    ]  # fmt: skip


def check_without(check: Check, wanted: Iterable[Wanted]) -> Check:
    """The check as far as it goes before the imports: that they are not here is no error, and nothing is planned yet."""
    places = [path_of(entry.where) for entry in wanted]

    def is_about(finding: Finding) -> bool:
        place = path_of(finding.where)
        return finding.code == "not_found" and any(other[: len(place)] == place for other in places)

    findings = tuple(finding for finding in check.findings if not is_about(finding))
    return check.model_copy(update={"findings": findings, "plan": None, "estimate": Estimate()})


def imports_start(*, user: User, wanted: Iterable[Wanted]) -> list[Job]:
    """The jobs to wait for. One that is under way already is the same."""
    origins = [import_start(user=user, source=entry.text, type=entry.type, target=entry.target) for entry in wanted]
    return [origin.job for origin in origins if origin.job is not None]
