"""Writes: users, organisations, access tokens. One call is one transaction."""

import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from hub.accounts import tokens
from hub.accounts.models import AccessToken, Membership, Namespace, User
from hub.accounts.names import name_validate
from hub.accounts.scopes import has_scope
from hub.core.errors import Conflict, Forbidden, Invalid, NotFound

SCOPES = tuple(scope for scope, _ in AccessToken.SCOPES)
ROLES = tuple(role for role, _ in Membership.ROLES)
TOKEN_DAYS, TOKEN_DAYS_LIMIT, TOKENS_PER_USER = 90, 3650, 100
_ADMINISTRATOR_NAMES = ("root", "administrator")
# Without look-alikes: the password is read from a terminal and typed into a browser once.
_PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # noqa: S105


def password_generate() -> str:
    """Four groups of five: about 115 bits."""
    return "-".join("".join(secrets.choice(_PASSWORD_LETTERS) for _ in range(5)) for _ in range(4))


def user_create(*, name: str, password: str | None = None, email: str = "", is_admin: bool = False) -> User:
    """A user and the namespace of that name. Without a password nobody can sign in as this user; tokens still work."""
    name_validate(name)
    user = User(username=name, email=email, is_staff=is_admin, is_superuser=is_admin)
    if password is not None:
        _password_validate(password, user)
    user.set_password(password)
    try:
        user.clean_fields()
        with transaction.atomic():
            user.save()
            Namespace.objects.create(name=name, kind="user", owner=user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from None
    except IntegrityError:
        raise Conflict(f"The name {name!r} is taken.") from None
    return user


def password_set(*, name: str, password: str) -> User:
    """A new password for an account. Every session that was open under the old one ends with it."""
    user = User.objects.filter(username__iexact=name).first()
    if user is None:
        raise NotFound(f"There is no user {name!r} here.")
    _password_validate(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    return user


def _password_validate(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from None


def admin_ensure() -> tuple[User, str | None]:
    """The first administrator. The generated password is given back once, when this call made the account."""
    present = User.objects.filter(is_superuser=True, is_active=True).order_by("date_joined", "pk").first()
    if present is not None:
        return present, None
    taken = {name.lower() for name in Namespace.objects.values_list("name", flat=True)}
    name = next((name for name in _ADMINISTRATOR_NAMES if name not in taken), None)
    if name is None:
        raise Conflict(
            "No administrator is left, and the names root and administrator are taken. Run `genepool user create NAME --admin`."
        )
    password = password_generate()
    return user_create(name=name, password=password, is_admin=True), password


def organisation_create(*, name: str, owner: User) -> Namespace:
    """A namespace with members; `owner` is the first."""
    name_validate(name)
    try:
        with transaction.atomic():
            namespace = Namespace.objects.create(name=name, kind="organisation")
            Membership.objects.create(namespace=namespace, user=owner, role="owner")
    except IntegrityError:
        raise Conflict(f"The name {name!r} is taken.") from None
    return namespace


@transaction.atomic
def member_set(*, namespace: Namespace, user: User, role: str | None, asker: User | None = None) -> None:
    """Gives `user` this role in the organisation; None takes the membership away. The last owner stays.

    SECURITY: `asker` is who asks, if a person does. Only an owner makes or unmakes owners; a maintainer would else become one.
    """
    if namespace.kind != "organisation":
        raise Invalid(f"{namespace.name!r} belongs to one user. Only organisations have members.")
    if role is not None and role not in ROLES:
        raise Invalid(f"{role!r} is not a role. Choose one of {', '.join(ROLES)}.")
    Namespace.objects.select_for_update().get(pk=namespace.pk)
    owners = namespace.memberships.filter(role="owner")
    touches_owners = role == "owner" or owners.filter(user=user).exists()
    if touches_owners and asker is not None and not asker.is_superuser and not owners.filter(user=asker).exists():
        raise Forbidden(f"Only an owner of {namespace.name!r} may say who its owners are.")
    if role != "owner" and owners.filter(user=user).exists() and owners.count() == 1:
        raise Conflict(f"{user.username} is the last owner of {namespace.name!r}. Make somebody else an owner first.")
    if role is None:
        namespace.memberships.filter(user=user).delete()
    else:
        Membership.objects.update_or_create(namespace=namespace, user=user, defaults={"role": role})


def token_create(
    *,
    user: User,
    name: str,
    scopes: Iterable[str],
    expires_in_days: int | None = TOKEN_DAYS,
    made_with: AccessToken | None = None,
) -> tuple[AccessToken, str]:
    """The row and the token itself, which is kept nowhere and cannot be shown again. `expires_in_days=None` never expires.

    SECURITY: `made_with` is the token that asks, if one does. The new one gets no scope it lacks and does not outlive it.
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
    if user.access_tokens.filter(revoked_at=None).count() >= TOKENS_PER_USER:
        raise Conflict(f"You have {TOKENS_PER_USER} tokens. Revoke one first.")
    ends = [] if expires_in_days is None else [timezone.now() + timedelta(days=expires_in_days)]
    ends += [made_with.expires_at] if made_with is not None and made_with.expires_at is not None else []
    raw, pepper = tokens.token_generate(), tokens.current_pepper()
    token = AccessToken.objects.create(
        user=user,
        name=name,
        scopes=chosen,
        digest=tokens.digest(raw, pepper),
        pepper=pepper,
        display=raw[: tokens.DISPLAY_LENGTH],
        expires_at=min(ends, default=None),
    )
    return token, raw


def token_revoke(*, token: AccessToken) -> None:
    """From now on it is refused. Revoking twice changes nothing."""
    AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    token.refresh_from_db(fields=["revoked_at"])
