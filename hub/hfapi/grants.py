"""Signed addresses for LFS bytes: the client sends no token there, so the address itself carries the right."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from django.core import signing

from hub.blobs.models import Upload
from hub.catalog.models import Repo
from hub.core.errors import Forbidden
from hub.hfapi.wire import repo_url

LIFE_S = 24 * 3600
_SALT = "genepool.lfs"
Verb = Literal["PUT", "GET", "PART", "DONE"]


@dataclass(frozen=True)
class Grant:
    verb: str
    oid: str
    size_bytes: int
    user: int
    repo: str
    upload: str = ""
    number: int = 0


def lfs_href(repo: Repo, *, verb: Verb, oid: str, size_bytes: int, user: int) -> str:
    text = signing.dumps([verb, oid, size_bytes, user, str(repo.pk)], salt=_SALT, compress=True)
    return f"{repo_url(repo)}.git/info/lfs/objects/{oid}?{urlencode({'grant': text})}"


def part_href(repo: Repo, upload: Upload, number: int) -> str:
    """Where one part of an upload comes through the hub."""
    return _upload_href(repo, upload, "PART", number, f"parts/{number}")


def done_href(repo: Repo, upload: Upload) -> str:
    """Where a client says that every part is there. It sends no token here either."""
    return _upload_href(repo, upload, "DONE", 0, "complete")


def _upload_href(repo: Repo, upload: Upload, verb: Verb, number: int, where: str) -> str:
    content = [verb, upload.sha256, upload.size_bytes, upload.user_id, str(repo.pk), str(upload.pk), number]
    text = signing.dumps(content, salt=_SALT, compress=True)
    return f"{repo_url(repo)}.git/info/lfs/objects/{upload.sha256}/{where}?{urlencode({'grant': text})}"


def grant_read(text: str, *, verb: str, oid: str) -> Grant:
    """SECURITY: one purpose, one object, one user, one day."""
    try:
        grant = Grant(*signing.loads(text, salt=_SALT, max_age=LIFE_S))
    except (signing.BadSignature, TypeError, ValueError):
        raise Forbidden("This address is not valid any more. Start the upload again.") from None
    if grant.verb != verb or grant.oid != oid:
        raise Forbidden("This address is for something else.")
    return grant
