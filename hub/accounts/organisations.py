"""Organisations: made, described, ended; who belongs to them and as what."""

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from hub.accounts.audit import audit
from hub.accounts.leaving import account_close
from hub.accounts.limits import account_check, is_within
from hub.accounts.models import Membership, Namespace, User
from hub.accounts.names import name_validate
from hub.core.errors import Conflict, Forbidden, Invalid

ROLES = tuple(role for role, _ in Membership.ROLES)
ORGANISATIONS_PER_USER = 50
FULL_NAME_LENGTH, ABOUT_LENGTH = 150, 300


def organisation_create(*, name: str, owner: User) -> Namespace:
    """A namespace with members; `owner` is the first."""
    name_validate(name)
    account_check(owner, "make organisations")
    if owner.service_of_id is not None:
        raise Forbidden("A service account belongs to one organisation and makes no other.")
    if not owner.is_superuser and owner.memberships.filter(role="owner").count() >= ORGANISATIONS_PER_USER:
        raise Conflict(f"You own {ORGANISATIONS_PER_USER} organisations. Leave or delete one first.")
    try:
        with transaction.atomic():
            namespace = Namespace.objects.create(name=name, kind="organisation")
            Membership.objects.create(namespace=namespace, user=owner, role="owner")
            audit("organisation.create", actor=owner, subject=name, namespace=name)
    except IntegrityError:
        raise Conflict(f"The name {name!r} is taken.") from None
    return namespace


@transaction.atomic
def organisation_update(
    *, asker: User, namespace: Namespace, full_name: str | None = None, about: str | None = None
) -> Namespace:
    """What its page says about it. None leaves as it is."""
    owner_check(asker, namespace, "change", roles=("maintainer", "owner"))
    changes = {}
    for field, value, limit in (("full_name", full_name, FULL_NAME_LENGTH), ("about", about, ABOUT_LENGTH)):
        if value is None:
            continue
        value = value.strip()
        if len(value) > limit or any(not letter.isprintable() for letter in value):
            raise Invalid(f"{field} takes one line of at most {limit} characters.")
        changes[field] = value
    for field, value in changes.items():
        setattr(namespace, field, value)
    if changes:
        namespace.save(update_fields=[*changes, "updated_at"])
        audit("organisation.update", actor=asker, subject=namespace.name, namespace=namespace.name, **changes)
    return namespace


@transaction.atomic
def organisation_delete(*, asker: User, namespace: Namespace) -> None:
    """Only an empty one: its repos are deleted or moved first, each on its own. Its service accounts end with it."""
    owner_check(asker, namespace, "delete")
    Namespace.objects.select_for_update().get(pk=namespace.pk)
    count = namespace.repos.count()
    if count:
        raise Conflict(
            f"{namespace.name} still has {count} {'repo' if count == 1 else 'repos'}. Delete or move them first."
        )
    for service in namespace.service_accounts.all():
        account_close(service)
    audit("organisation.delete", actor=asker, subject=namespace.name, namespace=namespace.name)
    try:
        namespace.delete()
    except ProtectedError:
        raise Conflict(f"Something in this hub still needs {namespace.name}: look at its jobs and repos.") from None


def owner_check(asker: User, namespace: Namespace, deed: str, *, roles: tuple[str, ...] = ("owner",)) -> None:
    """SECURITY: a limited token needs this very namespace among its limits."""
    if namespace.kind != "organisation":
        raise Invalid(f"{namespace.name!r} belongs to one user and is no organisation.")
    if not is_within(asker, namespace):
        raise Forbidden(f"This token is limited, and {namespace.name!r} is not among what it is for.")
    if not asker.is_superuser and not namespace.memberships.filter(user=asker, role__in=roles).exists():
        raise Forbidden(
            f"Only {' or '.join(f'a {role}' if role != 'owner' else 'an owner' for role in roles)} may {deed} {namespace.name!r}."
        )


@transaction.atomic
def member_set(*, namespace: Namespace, user: User, role: str | None, asker: User | None = None) -> None:
    """Gives `user` this role in the organisation; None takes the membership away. The last owner stays.

    SECURITY: `asker` is who asks, if a person does. Only an owner makes or unmakes owners; a maintainer would else become one.
    """
    if namespace.kind != "organisation":
        raise Invalid(f"{namespace.name!r} belongs to one user. Only organisations have members.")
    if role is not None and role not in ROLES:
        raise Invalid(f"{role!r} is not a role. Choose one of {', '.join(ROLES)}.")
    if user.service_of_id is not None and role is not None and user.service_of_id != namespace.pk:
        raise Conflict(f"{user.username} is a service account of another organisation and cannot join this one.")
    if user.service_of_id is not None and role == "owner":
        raise Invalid("A service account cannot own the organisation: owners are people.")
    Namespace.objects.select_for_update().get(pk=namespace.pk)
    owners = namespace.memberships.filter(role="owner")
    touches_owners = role == "owner" or owners.filter(user=user).exists()
    if touches_owners and asker is not None and not asker.is_superuser and not owners.filter(user=asker).exists():
        raise Forbidden(f"Only an owner of {namespace.name!r} may say who its owners are.")
    if role != "owner" and owners.filter(user=user).exists() and owners.count() == 1:
        raise Conflict(f"{user.username} is the last owner of {namespace.name!r}. Make somebody else an owner first.")
    before = namespace.memberships.filter(user=user).values_list("role", flat=True).first()
    if role is None:
        namespace.memberships.filter(user=user).delete()
    else:
        Membership.objects.update_or_create(namespace=namespace, user=user, defaults={"role": role})
    if before != role:
        action = "member.remove" if role is None else "member.set"
        audit(action, actor=asker or user, subject=user.username, namespace=namespace.name, before=before, after=role)
