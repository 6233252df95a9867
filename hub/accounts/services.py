"""Writes: users and their passwords. Organisations and tokens have files of their own, and are found here too."""

import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from hub.accounts.audit import audit
from hub.accounts.granting import SCOPES, TOKEN_DAYS, TOKEN_DAYS_LIMIT, TOKENS_PER_USER, token_create, token_revoke
from hub.accounts.limits import account_check
from hub.accounts.models import Namespace, User
from hub.accounts.names import name_validate
from hub.accounts.organisations import ROLES, member_set, organisation_create
from hub.accounts.sessions import sessions_drop
from hub.core.errors import Conflict, Forbidden, Invalid, NotFound

__all__ = [
    "ROLES", "SCOPES", "TOKENS_PER_USER", "TOKEN_DAYS", "TOKEN_DAYS_LIMIT", "admin_ensure", "member_set", "organisation_create",
    "password_change", "password_generate", "password_set", "profile_update", "token_create", "token_revoke", "user_create",
]  # fmt: skip
_ADMINISTRATOR_NAMES = ("root", "administrator")
# Without look-alikes: the password is read from a terminal and typed into a browser once.
_PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # noqa: S105


def password_generate() -> str:
    """Four groups of five: about 115 bits."""
    return "-".join("".join(secrets.choice(_PASSWORD_LETTERS) for _ in range(5)) for _ in range(4))


def user_create(
    *, name: str, password: str | None = None, email: str = "", is_admin: bool = False, asker: User | None = None
) -> User:
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
            audit("user.create", actor=asker, subject=name, is_admin=is_admin)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from None
    except IntegrityError:
        raise Conflict(f"The name {name!r} is taken.") from None
    return user


@transaction.atomic
def password_set(*, name: str, password: str, asker: User | None = None) -> User:
    """A new password for an account. Every session that was open under the old one ends with it."""
    user = User.objects.filter(username__iexact=name, is_active=True).first()
    if user is None:
        raise NotFound(f"There is no user {name!r} here.")
    if user.service_of_id is not None:
        raise Invalid(f"{user.username} is a service account and has no password. Make a token for it.")
    _password_validate(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])
    sessions_drop(user)
    audit("user.password", actor=asker, subject=user.username)
    return user


def password_change(*, user: User, old: str, new: str) -> User:
    """By the person, who knows the old one."""
    account_check(user, "change the password")
    if not user.check_password(old):
        raise Forbidden("The present password is not right.")
    return password_set(name=user.username, password=new, asker=user)


@transaction.atomic
def profile_update(
    *, user: User, full_name: str | None = None, email: str | None = None, wants_mail: bool | None = None
) -> User:
    """None leaves as it is."""
    account_check(user, "change the profile")
    if user.service_of_id is not None:
        raise Forbidden("A service account has no profile of its own.")
    changes = {
        name: value.strip() if isinstance(value, str) else value
        for name, value in (("full_name", full_name), ("email", email), ("wants_mail", wants_mail))
        if value is not None
    }
    for name, value in changes.items():
        setattr(user, name, value)
    try:
        user.clean_fields(exclude=[field.name for field in User._meta.fields if field.name not in changes])
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from None
    user.save(update_fields=list(changes))
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
