"""Whether the store still has what the rows say: every blob read and hashed again, and whose files a lost one was."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Sum

from hub.blobs.drivers import Driver, Missing
from hub.blobs.models import Blob
from hub.blobs.services import driver as hub_driver
from hub.catalog.models import HeadEntry

BATCH = 1000
SHOWN_FILES = 20


@dataclass(frozen=True)
class Damage:
    """`repos` have it somewhere in their history; `files` are places at the heads of their branches."""

    sha256: str
    size_bytes: int
    repos: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass
class Verified:
    """`orphans` lie in the store and no row names them: nobody is hurt, and they take up room."""

    checked: int = 0
    checked_bytes: int = 0
    missing: list[Damage] = field(default_factory=list)
    corrupt: list[Damage] = field(default_factory=list)
    orphans: list[Damage] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        return not (self.missing or self.corrupt or self.orphans)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def blobs_verify(
    *, sample: int | None = None, is_intact: Callable[[Driver, str, int], bool], tell: Callable[[float, float, str, str], None],
) -> Verified:  # fmt: skip
    """All of them and the orphans; or `sample` blobs drawn at random, and no look for orphans.

    `is_intact` says whether the bytes under a hash have it, and raises Missing when there are none.
    """
    driver, found = hub_driver(), Verified()
    rows = Blob.objects.order_by("?" if sample is not None else "pk").values_list("pk", "size_bytes")
    chosen: Iterable[tuple[str, int]] = list(rows[:sample]) if sample is not None else rows.iterator(chunk_size=BATCH)
    total = sum(size for _, size in chosen) if isinstance(chosen, list) else _total()
    for sha256, size in chosen:
        tell(found.checked_bytes, total, "bytes", sha256[:12])
        try:
            if not is_intact(driver, sha256, size):
                found.corrupt.append(Damage(sha256, size))
        except Missing:
            found.missing.append(Damage(sha256, size))
        found.checked, found.checked_bytes = found.checked + 1, found.checked_bytes + size
    found.missing, found.corrupt = _whose(found.missing), _whose(found.corrupt)
    if sample is None:
        found.orphans = [Damage(sha256, size) for sha256, size in orphans(driver)]
    return found


def orphans(driver: Driver) -> Iterator[tuple[str, int]]:
    """What lies in the store without a row."""
    there = iter(driver.list())
    while some := list(islice(there, BATCH)):
        known = set(Blob.objects.filter(pk__in=[sha256 for sha256, _ in some]).values_list("pk", flat=True))
        yield from ((sha256, size) for sha256, size in some if sha256 not in known)


def _total() -> int:
    return Blob.objects.aggregate(total=Sum("size_bytes"))["total"] or 0


def _whose(damages: list[Damage]) -> list[Damage]:
    hashes = [damage.sha256 for damage in damages]
    repos: dict[str, list[str]] = {sha256: [] for sha256 in hashes}
    files: dict[str, list[str]] = {sha256: [] for sha256 in hashes}
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH RECURSIVE up(tree, blob) AS ("
            "SELECT tree_id, blob_id FROM catalog_treeentry WHERE blob_id = ANY(%s) "
            "UNION SELECT e.tree_id, up.blob FROM catalog_treeentry e JOIN up ON e.subtree_id = up.tree) "
            "SELECT DISTINCT up.blob, r.full_name FROM up JOIN catalog_commit c ON c.tree_id = up.tree "
            "JOIN catalog_repo r ON r.id = c.repo_id ORDER BY 2",
            [hashes],
        )
        for sha256, name in cursor.fetchall():
            repos[sha256].append(name)
    heads = HeadEntry.objects.filter(blob_id__in=hashes).order_by("ref__repo__full_name", "ref__name", "path")
    for sha256, name, ref, path in heads.values_list("blob_id", "ref__repo__full_name", "ref__name", "path"):
        if len(files[sha256]) < SHOWN_FILES:
            files[sha256].append(f"{name}@{ref}: {path}")
    return [
        Damage(damage.sha256, damage.size_bytes, tuple(repos[damage.sha256]), tuple(files[damage.sha256]))
        for damage in damages
    ]
