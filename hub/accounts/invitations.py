"""Letters that let somebody in: to the hub, or to an organisation. The secret is shown once, or mailed; it is good once, for a week."""

import secrets
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from hub.accounts import tokens
from hub.accounts.audit import audit
from hub.accounts.limits import account_check
from hub.accounts.models import Invitation, Membership, Namespace, User
from hub.accounts.organisations import ROLES, member_set, owner_check
from hub.core.errors import Conflict, Forbidden, Invalid, NotFound

DAYS = 7
OPEN_PER_PLACE = 100
NOT_GOOD = "This invitation is not good: misspelt, used, withdrawn, or older than a week. Ask for a new one."


@transaction.atomic
def invitation_create(
    *, asker: User, namespace: Namespace | None = None, role: str = "", email: str = "", user: User | None = None
) -> tuple[Invitation, str]:
    """With `namespace`, into that organisation as `role`; without, onto this hub. `user` is who alone may accept, when known.

    SECURITY: an owner invites anybody, a maintainer everybody but owners. Onto the hub administrators invite.
    """
    email = email.strip()
    if email:
        _email_validate(email)
    if namespace is None:
        account_check(asker, "invite people to the hub")
        if not asker.is_superuser:
            raise Forbidden("Only an administrator invites people to this hub.")
        if role or user is not None:
            raise Invalid("A role, or a user who is here already, needs an organisation.")
    else:
        owner_check(asker, namespace, "invite people to", roles=("maintainer", "owner"))
        _role_check(asker, namespace, role, user)
        Namespace.objects.select_for_update().get(pk=namespace.pk)
    if invitations_open(namespace).count() >= OPEN_PER_PLACE:
        raise Conflict(f"{OPEN_PER_PLACE} invitations are open already. Withdraw some first.")
    secret = secrets.token_urlsafe(32)
    letter = Invitation.objects.create(
        namespace=namespace, role=role, email=email, user=user, digest=_digest(secret), invited_by=asker,
        expires_at=timezone.now() + timedelta(days=DAYS),
    )  # fmt: skip
    place = namespace.name if namespace is not None else ""
    audit("invitation.create", actor=asker, subject=user.username if user else email, namespace=place, role=role)
    address = email or (user.email if user is not None else "")
    if address and settings.HAS_MAIL:
        transaction.on_commit(lambda: _mail(address, asker, place, secret), robust=True)
    return letter, secret


def _role_check(asker: User, namespace: Namespace, role: str, user: User | None) -> None:
    if role not in ROLES:
        raise Invalid(f"{role!r} is not a role. Choose one of {', '.join(ROLES)}.")
    is_owner = asker.is_superuser or namespace.memberships.filter(user=asker, role="owner").exists()
    if role == "owner" and not is_owner:
        raise Forbidden(f"Only an owner of {namespace.name!r} invites another owner.")
    if user is not None and (user.service_of_id is not None or not user.is_active):
        raise Invalid(f"{user.username} cannot be invited.")
    if user is not None and namespace.memberships.filter(user=user).exists():
        raise Conflict(f"{user.username} belongs to {namespace.name} already.")


def _email_validate(email: str) -> None:
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid(f"{email[:100]!r} is not an address for mail.") from None


def _digest(secret: str) -> str:
    return tokens.digest(secret, tokens.current_pepper())


def _mail(address: str, asker: User, place: str, secret: str) -> None:
    where = f"{place} on {settings.SITE_URL}" if place else settings.SITE_URL
    text = (
        f"{asker.username} invites you to {where}.\n\nAccept within {DAYS} days:\n{settings.SITE_URL}/join#{secret}\n\n"
        "Whoever has this address can accept. If you do not know what this is about, do nothing.\n"
    )
    send_mail(f"Invitation to {where}", text, None, [address])


def invitations_open(namespace: Namespace | None) -> QuerySet[Invitation]:
    return _live().filter(namespace=namespace)


def _live() -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        accepted_at=None, withdrawn_at=None, expires_at__gt=timezone.now()
    ).select_related("namespace", "invited_by", "user").order_by("-created_at", "id")  # fmt: skip


def invitations_of(*, asker: User, namespace: Namespace | None = None) -> QuerySet[Invitation]:
    """Those that wait, for who may invite."""
    if namespace is not None:
        owner_check(asker, namespace, "see the invitations of", roles=("maintainer", "owner"))
    elif not asker.is_superuser:
        raise Forbidden("Only an administrator sees the invitations to this hub.")
    return invitations_open(namespace)


def invitations_for(user: User) -> QuerySet[Invitation]:
    """Those addressed to somebody who is here: they can be accepted without the secret."""
    return _live().filter(user=user)


def invitation_get(*, secret: str) -> Invitation:
    """For the page that asks whether to accept. SECURITY: whoever has the secret may know what it opens."""
    digests = tokens.digests(secret[:200])
    letter = _live().filter(digest__in=digests).first()
    if letter is None:
        raise NotFound(NOT_GOOD)
    return letter


@transaction.atomic
def invitation_accept(*, user: User, secret: str | None = None, ident: str | None = None) -> Membership:
    """By the secret, or by `ident` for one that is addressed to `user`. Who belongs to it with a greater role keeps that."""
    account_check(user, "accept invitations")
    letter = _locked(user, secret, ident)
    if letter.namespace is None:
        raise Conflict("This invitation is for somebody who has no account yet. You have one.")
    if user.service_of_id is not None:
        raise Forbidden("A service account cannot accept an invitation.")
    if letter.user_id is not None and letter.user_id != user.pk:
        raise Forbidden("This invitation is for somebody else.")
    inviter = letter.invited_by
    roles = ("owner",) if letter.role == "owner" else ("maintainer", "owner")
    is_good = inviter is not None and (
        inviter.is_superuser or letter.namespace.memberships.filter(user=inviter, role__in=roles).exists()
    )
    if not is_good:
        # SECURITY: who lost the right to invite lost it for letters under way too
        raise NotFound(NOT_GOOD)
    present = letter.namespace.memberships.filter(user=user).first()
    if present is None or ROLES.index(present.role) < ROLES.index(letter.role):
        member_set(namespace=letter.namespace, user=user, role=letter.role)
    letter_close(letter, user)
    return letter.namespace.memberships.get(user=user)


def _locked(user: User, secret: str | None, ident: str | None) -> Invitation:
    wanted = Q(digest__in=tokens.digests(secret[:200])) if secret else Q(pk=ident, user=user)
    # SECURITY: looked at after the lock, on the locked row itself: of two who accept at once, the second finds it taken
    letter = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("namespace", "invited_by")
        .filter(wanted)
        .first()
    )
    if letter is None or letter.accepted_at or letter.withdrawn_at or letter.expires_at <= timezone.now():
        raise NotFound(NOT_GOOD)
    return letter


def letter_close(letter: Invitation, user: User) -> None:
    letter.accepted_by, letter.accepted_at = user, timezone.now()
    letter.save(update_fields=["accepted_by", "accepted_at", "updated_at"])
    place = letter.namespace.name if letter.namespace is not None else ""
    audit("invitation.accept", actor=user, subject=user.username, namespace=place, role=letter.role)


@transaction.atomic
def invitation_withdraw(*, asker: User, ident: str) -> None:
    """By who may invite to the same place, or by the one it is addressed to: that is declining."""
    letter = _live().select_for_update(of=("self",)).filter(pk=ident).first()
    if letter is None:
        raise NotFound()
    if letter.user_id != asker.pk:
        _withdraw_check(asker, letter)
    letter.withdrawn_at = timezone.now()
    letter.save(update_fields=["withdrawn_at", "updated_at"])
    place = letter.namespace.name if letter.namespace is not None else ""
    subject = letter.user.username if letter.user is not None else letter.email
    audit("invitation.withdraw", actor=asker, subject=subject, namespace=place)


def _withdraw_check(asker: User, letter: Invitation) -> None:
    """Not theirs to know of reads as not there."""
    try:
        if letter.namespace is not None:
            owner_check(asker, letter.namespace, "withdraw invitations to", roles=("maintainer", "owner"))
        elif not asker.is_superuser:
            raise NotFound()
    except Forbidden:
        raise NotFound() from None
