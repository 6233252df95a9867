"""How the large files of a repo are kept in the store, and what each takes there."""

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from hub.accounts.models import User
from hub.blobs.models import Blob, Delta
from hub.catalog.models import HeadEntry, Repo
from hub.catalog.purge import LfsFile, lfs_files_of


@dataclass(frozen=True)
class StoredFile:
    """`stored_bytes` is what it takes beside its base. `base` names a place that the asker may see, or is empty."""

    path: str
    sha256: str
    size_bytes: int
    stored_bytes: int
    is_delta: bool
    has_plain: bool
    base: str


def stored_of(files: list[LfsFile], user: User | AnonymousUser) -> list[StoredFile]:
    """In the order of `files`, which are a repo's."""
    rows = Delta.objects.filter(pk__in=[file.sha256 for file in files]).select_related("packed")
    deltas = {delta.blob_id: delta for delta in rows}
    names = _places(user, {delta.base_id for delta in deltas.values()})
    found = []
    for file in files:
        delta = deltas.get(file.sha256)
        own = delta.packed.size_bytes if delta else file.size_bytes
        found.append(
            StoredFile(
                file.path, file.sha256, file.size_bytes, own + (file.size_bytes if delta and delta.has_plain else 0), delta is not None,
                delta is None or delta.has_plain, names.get(delta.base_id, "") if delta else "",
            )
        )  # fmt: skip
    return found


def _places(user: User | AnonymousUser, sha256s: set[str]) -> dict[str, str]:
    """SECURITY: a base is named by a repo that the asker may read, or not at all."""
    rows = HeadEntry.objects.filter(blob_id__in=sha256s, ref__repo__in=Repo.objects.visible_to(user, "read"))
    return dict(rows.order_by("-ref__repo__full_name").values_list("blob_id", "ref__repo__full_name"))


def blobs_kept_as_deltas(repo: Repo) -> list[Blob]:
    return list(Blob.objects.filter(pk__in=[file.sha256 for file in lfs_files_of(repo)], delta__isnull=False))
