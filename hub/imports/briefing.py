"""What the fetching process is told at each claim: made from what is true now, kept nowhere."""

from django.conf import settings

from hub.accounts.selectors import namespace_writable
from hub.catalog.models import HeadEntry, Repo
from hub.core.errors import Conflict, Unavailable
from hub.imports.endpoints import endpoint_choose
from hub.imports.models import Import
from hub.imports.remote.briefing import Briefing, Known
from hub.imports.room import room_of
from hub.imports.sealing import token_unseal
from hub.jobs.models import Job


def briefing_make(*, job: Job) -> bytes:
    """The hook of the kind table. Refuses when the source is no longer allowed, or the target no longer the owner's to write."""
    origin = Import.objects.select_related("repo", "commit").filter(job=job).first()
    if origin is None:
        raise Conflict("Another import into the same repo has taken the place of this one. Start it again.")
    if settings.OFFLINE:
        raise Unavailable("This hub is offline: OFFLINE is set.")
    endpoint_choose(origin.endpoint)
    namespace = namespace_writable(job.owner, origin.target.partition("/")[0])
    room_bytes, words = room_of(namespace)
    briefing = Briefing(
        token=token_unseal(origin.sealed_token),
        private_hosts=tuple(settings.IMPORT_PRIVATE_HOSTS),
        known=known_of(origin.repo) if origin.repo is not None else {},
        room_bytes=room_bytes,
        room_words=words,
        max_file_bytes=settings.MAX_UPLOAD_BYTES,
        seen_commit=seen_commit(origin),
    )
    return briefing.model_dump_json().encode()


def known_of(repo: Repo) -> dict[str, Known]:
    """What the heads of the target hold. SECURITY: of no other repo: a lying source could name the hash of a file it never had."""
    rows = HeadEntry.objects.filter(ref__repo=repo).values_list("oid", "blob_id", "blob__size_bytes", "is_lfs")
    return {
        sha256 if is_lfs else f"g-{oid}": Known(sha256=sha256, size_bytes=size) for oid, sha256, size, is_lfs in rows
    }


def seen_commit(origin: Import) -> str:
    """The source's commit that the target shows now; "" when it has to be looked at file by file."""
    if origin.all_refs or origin.repo is None or origin.commit is None or origin.commit.oid != origin.repo.head:
        return ""
    held = origin.commits.filter(commit=origin.commit, source_commit=origin.source_commit).first()
    return origin.source_commit if held is not None and held.mode in (origin.mode, "mirror") else ""
