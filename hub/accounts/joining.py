"""Signing up: closed, by invitation, or open to everybody, as SIGN_UP says."""

from django.conf import settings
from django.db import transaction

from hub.accounts.invitations import invitation_accept, invitation_get, letter_close
from hub.accounts.models import Invitation, User
from hub.accounts.services import user_create
from hub.core.errors import Forbidden, Invalid


def sign_up_check(*, secret: str | None = None) -> Invitation | None:
    """The letter, where one is needed or given. Raises when nobody can sign up like this."""
    if settings.SIGN_UP == "closed":
        raise Forbidden("Nobody can sign up here. Ask an administrator of this hub for an account.")
    if secret:
        return invitation_get(secret=secret)
    if settings.SIGN_UP == "invited":
        raise Forbidden(
            "Signing up here takes an invitation. Open the address in yours, or ask an administrator for one."
        )
    return None


@transaction.atomic
def sign_up(*, name: str, password: str, email: str = "", secret: str | None = None) -> User:
    """A new account, and the membership that the invitation is for.

    That a name is taken is said: names are public. Whether an address for mail is known here is told to nobody.
    """
    letter = sign_up_check(secret=secret)
    if letter is not None:
        letter = Invitation.objects.select_for_update(of=("self",)).get(pk=letter.pk)
        if letter.accepted_at is not None:
            sign_up_check(secret=secret)
        if letter.user_id is not None:
            raise Invalid("This invitation is for somebody who has an account. Sign in to accept it.")
    if not password:
        raise Invalid("Choose a password.")
    user = user_create(name=name, password=password, email=email or (letter.email if letter is not None else ""))
    if letter is not None:
        if letter.namespace is not None:
            invitation_accept(user=user, secret=secret)
        else:
            letter_close(letter, user)
    return user
