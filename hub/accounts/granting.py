"""Access tokens: made, limited, revoked."""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from hub.accounts import tokens
from hub.accounts.audit import audit
from hub.accounts.limits import Limits, limits_make
from hub.accounts.models import AccessToken, User
from hub.accounts.scopes import has_scope
from hub.core.errors import Conflict, Forbidden, Invalid

SCOPES = tuple(scope for scope, _ in AccessToken.SCOPES)
TOKEN_DAYS, TOKEN_DAYS_LIMIT, TOKENS_PER_USER = 90, 3650, 100


@transaction.atomic
def token_create(
    *,
    user: User,
    name: str,
    scopes: Iterable[str],
    expires_in_days: int | None = TOKEN_DAYS,
    made_with: AccessToken | None = None,
    repos: Iterable[str] = (),
    namespaces: Iterable[str] = (),
    asker: User | None = None,
) -> tuple[AccessToken, str]:
    """The row and the token itself, which is kept nowhere and cannot be shown again. `expires_in_days=None` never expires.

    With `repos` (`ns/name`, `datasets/ns/name`) or `namespaces` it is good for those alone, plus reading what is public. `asker` is
    who makes it when that is not its user: an owner, for a service account.

    SECURITY: `made_with` is the token that asks, if one does. The new one gets no scope it lacks, reaches nothing it does not
    reach, and does not outlive it.
    """
    chosen = sorted(set(scopes), key=SCOPES.index) if set(scopes) <= set(SCOPES) else []
    if not chosen:
        raise Invalid(f"Choose at least one scope of {', '.join(SCOPES)}.")
    name = name.strip()
    if not 1 <= len(name) <= 80:
        raise Invalid("Give the token a name of 1 to 80 characters, so that you know later what it is for.")
    if expires_in_days is not None and not 1 <= expires_in_days <= TOKEN_DAYS_LIMIT:
        raise Invalid(f"{expires_in_days} days is out of range. Choose 1 to {TOKEN_DAYS_LIMIT}.")
    if "admin" in chosen and not user.is_staff:
        raise Invalid("Only an administrator can have a token with the scope admin.")
    if made_with is not None and not all(has_scope(made_with, scope) for scope in chosen):
        raise Forbidden(
            f"This token has the scopes {', '.join(made_with.scopes)} and cannot make one with {', '.join(chosen)}."
        )
    limits = limits_make(user=user, repos=repos, namespaces=namespaces, made_with=made_with)
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # else many at once would pass the count
    if user.access_tokens.filter(revoked_at=None).count() >= TOKENS_PER_USER:
        raise Conflict(f"You have {TOKENS_PER_USER} tokens. Revoke one first.")
    ends = [] if expires_in_days is None else [timezone.now() + timedelta(days=expires_in_days)]
    ends += [made_with.expires_at] if made_with is not None and made_with.expires_at is not None else []
    token, raw = _write(user, name, chosen, limits, min(ends, default=None))
    audit(
        "token.create", actor=asker or user, subject=f"{token.display}… {name}", namespace=_space_of(user),
        user=user.username, scopes=chosen, is_limited=token.is_limited,
    )  # fmt: skip
    return token, raw


def _write(user: User, name: str, scopes: list[str], limits: Limits, ends):  # type: ignore[no-untyped-def]
    raw, pepper = tokens.token_generate(), tokens.current_pepper()
    token = AccessToken.objects.create(
        user=user,
        name=name,
        scopes=scopes,
        namespace_ids=list(limits.namespace_ids),
        repo_ids=list(limits.repo_ids),
        digest=tokens.digest(raw, pepper),
        pepper=pepper,
        display=raw[: tokens.DISPLAY_LENGTH],
        expires_at=ends,
    )
    return token, raw


@transaction.atomic
def token_revoke(*, token: AccessToken, asker: User | None = None) -> None:
    """From now on it is refused. Revoking twice changes nothing."""
    count = AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    token.refresh_from_db(fields=["revoked_at"])
    if count:
        audit(
            "token.revoke", actor=asker or token.user, subject=f"{token.display}… {token.name}", namespace=_space_of(token.user),
            user=token.user.username,
        )  # fmt: skip


def _space_of(user: User) -> str:
    """A service account's deeds concern the owners of its organisation; a person's tokens only the person."""
    return user.service_of.name if user.service_of is not None else ""
