"""Invitations: those that wait for the asker, and those sent out, to an organisation or to the hub itself."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from hub.accounts.invitations import (
    invitation_accept,
    invitation_create,
    invitation_withdraw,
    invitations_for,
    invitations_of,
)
from hub.accounts.rates import INVITE
from hub.accounts.selectors import user_get
from hub.core.errors import ApplicationError
from hub.core.ratelimit import limit_check
from hub.pages.shell import signed_in
from hub.pages.views.organisations import administered, members_page


def link_of(secret: str) -> str:
    """SECURITY: behind the #, so that it reaches no log."""
    return f"{settings.SITE_URL}{reverse('join')}#{secret}"


def _page(request: HttpRequest, *, error: ApplicationError | None = None, letter: str = "") -> HttpResponse:
    context = {
        "mine": invitations_for(request.user),
        "sent": invitations_of(asker=request.user) if request.user.is_superuser else None,
        "mode": settings.SIGN_UP,
        "has_mail": settings.HAS_MAIL,
        "given": request.POST,
        "error": error,
        "letter": letter,
    }
    response = render(request, "account/invitations.html", context, status=error.status if error else 200)
    if letter:
        response["Cache-Control"] = "no-store"
    return response


@require_safe
@signed_in
def page(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
@signed_in
def to_hub(request: HttpRequest) -> HttpResponse:
    limit_check(INVITE, f"u{request.user.pk}")
    try:
        _, secret = invitation_create(asker=request.user, email=request.POST.get("email", ""))
    except ApplicationError as error:
        if not request.user.is_superuser:
            raise
        return _page(request, error=error)
    return _page(request, letter=link_of(secret))


@require_POST
@signed_in
def accept(request: HttpRequest, ident) -> HttpResponse:
    member = invitation_accept(user=request.user, ident=str(ident))
    messages.success(request, f"You are {member.role} of {member.namespace.name} now.")
    return redirect("organisation-members", name=member.namespace.name)


@require_POST
@signed_in
def withdraw(request: HttpRequest, ident) -> HttpResponse:
    """Withdrawing what one sent, or declining what one got."""
    invitation_withdraw(asker=request.user, ident=str(ident))
    messages.success(request, "The invitation is not good any more.")
    return redirect("invitations")


@require_POST
@signed_in
def to_organisation(request: HttpRequest, name: str) -> HttpResponse:
    """To somebody of this hub by name, to an address for mail, or to whoever has the link."""
    space = administered(request, name, "members")["namespace"]
    limit_check(INVITE, f"u{request.user.pk}")
    who = request.POST.get("who", "").strip()
    try:
        user = user_get(name=who) if who and "@" not in who else None
        email = who if "@" in who else ""
        _, secret = invitation_create(
            asker=request.user, namespace=space, role=request.POST.get("role", ""), email=email, user=user
        )
    except ApplicationError as error:
        return members_page(request, name, error=error)
    return members_page(request, name, letter=link_of(secret), letter_for=who)


@require_POST
@signed_in
def withdraw_of_organisation(request: HttpRequest, name: str, ident) -> HttpResponse:
    space = administered(request, name, "members")["namespace"]
    invitation_withdraw(asker=request.user, ident=str(ident))
    messages.success(request, "The invitation is not good any more.")
    return redirect("organisation-members", name=space.name)
