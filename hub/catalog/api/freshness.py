"""Answers of the list endpoints, kept for a moment in the shared cache.

An answer is kept with the version of the catalogue it was made from; any change of repos, commits or memberships makes a new
version. So nobody sees what they may no longer see, and a page of fifty rows with its facets costs one look into the cache.
"""

import hashlib
import logging
import uuid
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest
from redis.exceptions import RedisError

from hub.accounts.models import Membership, User
from hub.catalog.models import Commit, Repo

KEPT_S = 30  # counters of downloads may be that old
_WATCHED = (Commit, Repo, Membership)
log = logging.getLogger(__name__)


def answer_kept(request: HttpRequest, user: Any, make: Callable[[], bytes]) -> bytes:
    """The bytes of the answer to this address for this user. Within a transaction nothing is kept: it sees what others do not."""
    return kept(f"{request.path}?{request.META.get('QUERY_STRING', '')}", user, make)


def kept(name: str, user: Any, make: Callable[[], bytes]) -> bytes:
    """The same for a part of answers, by any name that says all it depends on besides the asker and the catalogue."""
    if connection.in_atomic_block:
        return make()
    key = f"answer:{connection.settings_dict['NAME']}:{_asker(user)}:{hashlib.sha256(name.encode()).hexdigest()}"
    try:
        found = cache.get_many([version_key(), key])
        version = found.get(version_key()) or _version_new()
        there = found.get(key)
        if there is not None and there[0] == version:
            return bytes(there[1])
        body = make()
        cache.set(key, (version, body), KEPT_S)
    except RedisError as error:
        log.warning("answers are not kept: the cache does not answer (%s)", type(error).__name__)
        return make()
    return body


def version_key() -> str:
    return f"catalog:version:{connection.settings_dict['NAME']}"


def _asker(user: Any) -> str:
    """SECURITY: a limited token sees less than its user does, so it has answers of its own."""
    if not isinstance(user, User):
        return "nobody"
    limits = user.token.pk if user.token is not None and user.token.is_limited else ""
    return f"{user.pk}:{user.is_superuser}:{limits}"


def _version_new() -> str:
    version = uuid.uuid4().hex
    cache.set(version_key(), version, None)
    return version


def changed(**_: Any) -> None:
    """The catalogue is another one once this transaction is through."""
    transaction.on_commit(_forget, robust=True)


def _forget() -> None:
    try:
        cache.delete(version_key())
    except RedisError as error:
        log.warning(
            "a change of the catalogue shows only after %s s: the cache does not answer (%s)",
            KEPT_S,
            type(error).__name__,
        )


def watch() -> None:
    for model in _WATCHED:
        post_save.connect(changed, sender=model, dispatch_uid=f"freshness-save-{model.__name__}")
        post_delete.connect(changed, sender=model, dispatch_uid=f"freshness-delete-{model.__name__}")
