"""Quotas, where a client sends before it knows how much it will be. What it is to be told it hears at preupload; this holds it to it."""

from collections.abc import Iterable

from hub.catalog.quotas import QuotaExceeded, quota_check, quota_of, quota_reserve
from hub.xet.rights import Right
from hub.xet.shards import ShardFile
from hub.xet.xorbs import xorbs_sent


def xorb_check(right: Right, size_bytes: int) -> None:
    """This xorb has to fit; and with one token nobody sends more than the owner of the repo may store at all."""
    namespace = right.repo.namespace
    quota_check(namespace=namespace, size=size_bytes)
    limit = quota_of(namespace)
    if limit and xorbs_sent(user=right.user, since=right.since) + size_bytes > limit:
        raise QuotaExceeded(f"More came in this upload than {namespace.name} has room for. Nothing of it is committed.")


def files_reserve(right: Right, files: Iterable[ShardFile]) -> None:
    """Before a file is put together. The commit that names it takes the room for good."""
    quota_reserve(namespace=right.repo.namespace, files=[(file.sha256, file.size_bytes) for file in files])
