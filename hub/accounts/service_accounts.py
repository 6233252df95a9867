"""Service accounts: users of an organisation that are machines. No password, no namespace, no mail; only tokens that owners make."""

from django.db import IntegrityError, transaction

from hub.accounts.audit import audit
from hub.accounts.granting import token_create
from hub.accounts.leaving import account_close
from hub.accounts.models import AccessToken, Membership, Namespace, User
from hub.accounts.names import name_validate
from hub.accounts.organisations import owner_check
from hub.core.errors import Conflict, Invalid, NotFound

SERVICE_ROLES = ("viewer", "contributor", "maintainer")
SERVICES_PER_ORGANISATION = 50


@transaction.atomic
def service_account_create(*, asker: User, namespace: Namespace, name: str, role: str = "contributor") -> User:
    """`name` is taken like a person's, so that nobody else can pass for it."""
    owner_check(asker, namespace, "make service accounts of")
    name_validate(name)
    if role not in SERVICE_ROLES:
        raise Invalid(f"{role!r} is not a role for a service account. Choose one of {', '.join(SERVICE_ROLES)}.")
    Namespace.objects.select_for_update().get(pk=namespace.pk)
    if namespace.service_accounts.filter(is_active=True).count() >= SERVICES_PER_ORGANISATION:
        raise Conflict(f"{namespace.name} has {SERVICES_PER_ORGANISATION} service accounts. Delete one first.")
    if Namespace.objects.filter(name__iexact=name).exists():
        raise Conflict(f"The name {name!r} is taken.")
    service = User(username=name, service_of=namespace, wants_mail=False)
    service.set_unusable_password()
    try:
        with transaction.atomic():
            service.save()
    except IntegrityError:
        raise Conflict(f"The name {name!r} is taken.") from None
    Membership.objects.create(namespace=namespace, user=service, role=role)
    audit("service.create", actor=asker, subject=name, namespace=namespace.name, role=role)
    return service


@transaction.atomic
def service_account_delete(*, asker: User, namespace: Namespace, name: str) -> None:
    """Its tokens are refused from now on; what it published stays."""
    owner_check(asker, namespace, "delete service accounts of")
    service = service_account_get(namespace=namespace, name=name)
    audit("service.delete", actor=asker, subject=service.username, namespace=namespace.name)
    account_close(service)


def service_account_get(*, namespace: Namespace, name: str) -> User:
    service = namespace.service_accounts.filter(username__iexact=name, is_active=True).first()
    if service is None:
        raise NotFound(f"{namespace.name} has no service account {name[:96]!r}.")
    return service


def service_accounts_of(*, asker: User, namespace: Namespace) -> list[User]:
    owner_check(asker, namespace, "see the service accounts of", roles=("maintainer", "owner"))
    return list(namespace.service_accounts.filter(is_active=True).order_by("username"))


def service_token_create(
    *, asker: User, namespace: Namespace, service: str, name: str, scopes, expires_in_days: int | None = 90,
    repos=(), namespaces=(),
) -> tuple[AccessToken, str]:  # fmt: skip
    """SECURITY: like any token, it can do no more and lives no longer than the token that asked for it."""
    owner_check(asker, namespace, "make tokens for service accounts of")
    user = service_account_get(namespace=namespace, name=service)
    return token_create(
        user=user, name=name, scopes=scopes, expires_in_days=expires_in_days, repos=repos, namespaces=namespaces,
        made_with=asker.token, asker=asker,
    )  # fmt: skip
