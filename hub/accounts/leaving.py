"""Ending an account. The person goes; what others build on stays, under a name that says nothing."""

import secrets

from django.db import transaction

from hub.accounts.audit import audit
from hub.accounts.limits import account_check
from hub.accounts.models import AccessToken, Namespace, User
from hub.accounts.sessions import sessions_drop
from hub.core.errors import Conflict, Forbidden


@transaction.atomic
def account_delete(*, user: User, password: str | None = None, asker: User | None = None) -> None:
    """With the person's own password, or by an administrator (`asker`). Says all at once what has to be settled before.

    Repos are never deleted along: each is deleted or moved by hand before. Jobs and commits in other people's repos stay.
    """
    by_admin = asker is not None and asker.is_superuser and asker.pk != user.pk
    account_check(asker or user, "delete an account")
    if not by_admin and not (password and user.check_password(password)):
        raise Forbidden("The password is not right.")
    account_remove(user=user, asker=asker or user)


@transaction.atomic
def account_remove(*, user: User, asker: User | None = None) -> None:
    """The deed itself, for who has settled that it may be done. `asker` is None when the operator of the machine asks."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.service_of_id is not None:
        raise Conflict("This is a service account: delete it in its organisation.")
    reasons = _reasons(user)
    if reasons:
        raise Conflict("The account cannot be deleted yet. " + " ".join(reasons))
    audit("user.delete", actor=asker, subject=user.username)
    account_close(user)


def _reasons(user: User) -> list[str]:
    found = []
    last = [
        row.namespace.name
        for row in user.memberships.filter(role="owner").select_related("namespace").order_by("namespace__name")
        if row.namespace.memberships.filter(role="owner").count() == 1
    ]
    if last:
        found.append(f"You are the last owner of {', '.join(last)}: make somebody else an owner, or delete it.")
    count = sum(space.repos.count() for space in Namespace.objects.filter(owner=user))
    if count:
        found.append(
            f"You have {count} {'repo' if count == 1 else 'repos'}: delete them, or move them to an organisation."
        )
    running = user.jobs.filter(finished_at=None).count()
    if running:
        found.append(f"{running} of your jobs {'has' if running == 1 else 'have'} not ended: cancel them.")
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and not others.exists():
        found.append("You are the last administrator of this hub: make another one first.")
    return found


@transaction.atomic
def account_close(user: User) -> None:
    """Takes away every way in and everything personal. The row stays for the jobs and commits that name it.

    Called by services that have settled who may.
    """
    AccessToken.objects.filter(user=user).delete()
    sessions_drop(user)
    Namespace.objects.filter(owner=user).delete()
    for relation in ("memberships", "invitations", "webhooks", "notices", "likes", "access_requests"):
        getattr(user, relation).all().delete()
    user.username = f"gone-{secrets.token_hex(6)}"
    user.email = user.full_name = ""
    user.is_active = user.is_staff = user.is_superuser = user.wants_mail = False
    user.service_of = None
    user.set_unusable_password()
    user.save()
