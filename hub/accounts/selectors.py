"""Reads over users, namespaces and tokens."""

from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.utils import timezone

from hub.accounts import tokens
from hub.accounts.limits import is_within, limited_token, narrower
from hub.accounts.models import AccessToken, Membership, Namespace, User
from hub.core.errors import Forbidden, NotFound, Unauthenticated

WRITER_ROLES = ("contributor", "maintainer", "owner")
OWNER_ROLES = ("maintainer", "owner")
_LAST_USED_STEP = timedelta(minutes=1)

Asker: TypeAlias = User | AnonymousUser | None


def token_authenticate(raw: str) -> AccessToken | None:
    """The live token `raw` stands for, or None: misspelt, unknown, revoked, expired, or of a user who was switched off.

    Writes when it was last used, at most once a minute, so that a busy client does not write a row per request.
    """
    if not tokens.is_well_formed(raw):
        return None
    token = AccessToken.objects.select_related("user").filter(digest__in=tokens.digests(raw)).first()
    now = timezone.now()
    if token is None or not is_live(token, now) or not token.user.is_active:
        return None
    if token.last_used_at is None or now - token.last_used_at >= _LAST_USED_STEP:
        AccessToken.objects.filter(pk=token.pk).update(last_used_at=now)
        token.last_used_at = now
    return token


def is_live(token: AccessToken, now: datetime | None = None) -> bool:
    now = now or timezone.now()
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)


def token_list(*, user: User) -> QuerySet[AccessToken]:
    """Newest first, without those revoked."""
    return narrower(AccessToken.objects.filter(user=user, revoked_at=None), user).order_by("-created_at", "id")


def token_get(*, user: User, ident: UUID | str) -> AccessToken:
    token = narrower(AccessToken.objects.filter(user=user, pk=ident, revoked_at=None), user).first()
    if token is None:
        raise NotFound()
    return token


def user_get(*, name: str) -> User:
    user = User.objects.filter(username__iexact=name, is_active=True).first()
    if user is None:
        raise NotFound(f"There is no user {name!r}.")
    return user


def namespace_get(name: str) -> Namespace:
    """Names of users and organisations are public."""
    namespace = Namespace.objects.select_related("owner").filter(name__iexact=name).first()
    if namespace is None:
        raise NotFound()
    return namespace


def namespace_writable(user: Asker, name: str) -> Namespace:
    """The namespace, when `user` may put repos into it."""
    return _namespace_with(user, name, WRITER_ROLES, "put anything into")


def namespace_administered(user: Asker, name: str) -> Namespace:
    """The namespace, when `user` may decide who belongs to it."""
    return _namespace_with(user, name, OWNER_ROLES, "change the members of")


def _namespace_with(user: Asker, name: str, roles: tuple[str, ...], deed: str) -> Namespace:
    if not isinstance(user, User) or not user.is_active:
        raise Unauthenticated("Sign in, or send an access token.")
    namespace = namespace_get(name)
    if not is_within(user, namespace):
        raise Forbidden(f"This token is limited, and {namespace.name!r} is not among what it is for.")
    if (
        user.is_superuser
        or namespace.owner_id == user.pk
        or namespace.memberships.filter(user=user, role__in=roles).exists()
    ):
        return namespace
    raise Forbidden(f"You may not {deed} {namespace.name!r}.")


def namespaces_writable(user: Asker) -> list[str]:
    """Names for the choice "where to": one's own first, then organisations by name."""
    if not isinstance(user, User):
        return []
    mine = Q(owner=user) | Q(memberships__user=user, memberships__role__in=WRITER_ROLES)
    token = limited_token(user)
    if token is not None:
        mine &= Q(pk__in=token.namespace_ids)
    rows = Namespace.objects.filter(mine).distinct().values_list("name", "owner_id")
    return [name for name, owner in sorted(rows, key=lambda row: (row[1] != user.pk, row[0].lower()))]


def role_of(user: User, namespace: Namespace) -> str:
    """The user's role in an organisation; empty for who does not belong to it."""
    return namespace.memberships.filter(user=user).values_list("role", flat=True).first() or ""


def memberships_of(user: User) -> list[Membership]:
    """Those that the token, if it is limited, is for."""
    rows = user.memberships.select_related("namespace").order_by("namespace__name")
    token = limited_token(user)
    return list(rows if token is None else rows.filter(namespace_id__in=token.namespace_ids))


def organisation_get(*, user: User, name: str) -> Namespace:
    """Who belongs to an organisation is known to its members and to administrators."""
    found = Namespace.objects.filter(name__iexact=name, kind="organisation").first()
    if found is None or not is_within(user, found):
        raise NotFound()
    if not user.is_superuser and not found.memberships.filter(user=user).exists():
        raise NotFound()
    return found


def members_of(namespace: Namespace) -> list[Membership]:
    return list(namespace.memberships.select_related("user").order_by("user__username"))
