"""Signed addresses for LFS bytes: the client sends no token there, so the address itself carries the right."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from django.core import signing

from hub.catalog.models import Repo
from hub.core.errors import Forbidden
from hub.hfapi.wire import repo_url

LIFE_S = 24 * 3600
_SALT = "genepool.lfs"
Verb = Literal["PUT", "GET"]


@dataclass(frozen=True)
class Grant:
    verb: str
    oid: str
    size_bytes: int
    user: int
    repo: str


def lfs_href(repo: Repo, *, verb: Verb, oid: str, size_bytes: int, user: int) -> str:
    text = signing.dumps([verb, oid, size_bytes, user, str(repo.pk)], salt=_SALT, compress=True)
    return f"{repo_url(repo)}.git/info/lfs/objects/{oid}?{urlencode({'grant': text})}"


def grant_read(text: str, *, verb: str, oid: str) -> Grant:
    """SECURITY: one purpose, one object, one user, one day."""
    try:
        grant = Grant(*signing.loads(text, salt=_SALT, max_age=LIFE_S))
    except (signing.BadSignature, TypeError, ValueError):
        raise Forbidden("This address is not valid any more. Start the upload again.") from None
    if grant.verb != verb or grant.oid != oid:
        raise Forbidden("This address is for something else.")
    return grant
