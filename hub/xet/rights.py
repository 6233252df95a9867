"""The short-lived right to send chunks: bound to a user, a repo they may write to, and the gateway's address of that user."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from django.core import signing
from django.http import HttpRequest

from hub.accounts.models import AccessToken, User
from hub.accounts.selectors import is_live
from hub.catalog.models import Repo
from hub.core.errors import Unauthenticated

LIFE_S = 30 * 60
_SALT = "genepool.xet.write"


@dataclass(frozen=True)
class Right:
    user: User
    repo: Repo
    generation: str
    since: datetime


def right_give(*, user: User, repo: Repo, generation: str) -> tuple[str, int]:
    """The token, and when it ends in seconds since 1970."""
    token = str(user.token.pk) if user.token is not None else None
    now = int(time.time())
    text = signing.dumps([user.pk, str(repo.pk), generation, token, now], salt=_SALT)
    return text, now + LIFE_S


def right_read(request: HttpRequest, generation: str) -> Right:
    """SECURITY: looked at again with each request: a token revoked or a right lost since counts at once."""
    scheme, _, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    try:
        if scheme.lower() != "bearer":
            raise ValueError(scheme)
        user_key, repo_key, name, token_key, since = signing.loads(text.strip(), salt=_SALT, max_age=LIFE_S)
    except (signing.BadSignature, TypeError, ValueError):
        raise _refusal() from None
    user = User.objects.filter(pk=user_key, is_active=True).first()
    if user is None or name != generation:
        raise _refusal()
    if token_key is not None:
        user.token = AccessToken.objects.filter(pk=token_key, user=user).first()
        if user.token is None or not is_live(user.token):
            raise _refusal()
    repo = Repo.objects.visible_to(user, "write").select_related("namespace").filter(pk=repo_key).first()
    if repo is None:
        raise _refusal()
    return Right(user, repo, name, datetime.fromtimestamp(since, UTC))


def _refusal() -> Unauthenticated:
    return Unauthenticated("This upload's token is not valid any more. Start the upload again.")
