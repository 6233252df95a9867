"""Blobs from one store to another. What is there already is not copied again, so a run that was killed goes on where it stopped."""

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hub.blobs.drivers import Damaged, DigestMismatch, Driver, LocalDriver, Missing, SizeMismatch
from hub.blobs.drivers.base import key_of

Tell = Callable[[float, float, str, str], None]  # done, total, unit, message


def quiet(done: float, total: float, unit: str, message: str) -> None:
    """For who wants no progress."""


@dataclass
class Copied:
    """`missing`: the source has nothing under that hash. `corrupt`: it has, but other bytes. None of those were kept."""

    copied: int = 0
    linked: int = 0
    present: int = 0
    copied_bytes: int = 0
    missing: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)


def blobs_copy(
    *, source: Driver, target: Driver, blobs: Iterable[tuple[str, int]], total_bytes: int, tell: Tell = quiet, may_link: bool = True,
    must_hash: bool = False,
) -> Copied:  # fmt: skip
    """Every blob that `target` lacks. Bytes that are copied are hashed on the way; with `must_hash` those that are linked too."""
    result = Copied()
    done = 0
    for sha256, size in blobs:
        tell(done, total_bytes, "bytes", sha256[:12])
        _one(result, source, target, sha256, size, may_link=may_link, must_hash=must_hash)
        done += size
    tell(done, total_bytes, "bytes", "")
    return result


def _one(
    result: Copied, source: Driver, target: Driver, sha256: str, size: int, *, may_link: bool, must_hash: bool
) -> None:
    if target.stat(sha256) == size:
        result.present += 1
        return
    try:
        if may_link and _link(source, target, sha256, size, must_hash=must_hash):
            result.linked += 1
            return
        if source.stat(sha256) is None:
            raise Missing(sha256)
        target.put_stream(source.open(sha256), sha256=sha256, size=size)
    except Missing:
        result.missing.append(sha256)
    except (DigestMismatch, SizeMismatch, Damaged):
        result.corrupt.append(sha256)
    else:
        result.copied += 1
        result.copied_bytes += size


def _link(source: Driver, target: Driver, sha256: str, size: int, *, must_hash: bool) -> bool:
    """A second name for the same bytes, where both stores are folders of one file system. Blobs are never written to again."""
    source, target = getattr(source, "plain", source), getattr(target, "plain", target)
    if not (isinstance(source, LocalDriver) and isinstance(target, LocalDriver)):
        return False
    path, place = source.local_path(sha256), target.root / key_of(sha256)
    if path is None or path.stat().st_size != size or place.exists():
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    if path.stat().st_dev != place.parent.stat().st_dev:
        return False
    if must_hash and not is_intact(source, sha256, size):
        raise DigestMismatch(sha256)
    try:
        os.link(path, place)
    except OSError:  # somebody else's file, or a file system without links: copied then
        return False
    return True


def is_intact(driver: Driver, sha256: str, size: int) -> bool:
    """Whether the bytes under this hash have it.

    Raises:
        Missing: there are none.
    """
    digest, received = hashlib.sha256(), 0
    try:
        for chunk in driver.open(sha256):
            received += len(chunk)
            digest.update(chunk)
    except Damaged:
        return False
    return received == size and digest.hexdigest() == sha256
