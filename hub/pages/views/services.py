"""Service accounts of an organisation, and their tokens."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from hub.accounts.models import AccessToken, Membership
from hub.accounts.rates import TOKENS
from hub.accounts.selectors import token_get
from hub.accounts.service_accounts import (
    SERVICE_ROLES,
    service_account_create,
    service_account_delete,
    service_account_get,
    service_accounts_of,
    service_token_create,
)
from hub.accounts.services import TOKEN_DAYS, token_revoke
from hub.core.errors import ApplicationError, Forbidden, Invalid
from hub.core.ratelimit import limit_check
from hub.pages.shell import signed_in
from hub.pages.views.organisations import ROLE_HELP, administered

_SCOPES = [scope for scope in AccessToken.SCOPES if scope[0] != "admin"]


def _page(request: HttpRequest, name: str, **more: Any) -> HttpResponse:
    context = administered(request, name, "services", **more)
    space = context["namespace"]
    accounts = service_accounts_of(asker=request.user, namespace=space)
    tokens = AccessToken.objects.filter(user__in=accounts, revoked_at=None).order_by("-created_at", "id")
    roles = dict(Membership.objects.filter(namespace=space, user__in=accounts).values_list("user_id", "role"))
    by_user: dict[int, list[AccessToken]] = {}
    for token in tokens:
        by_user.setdefault(token.user_id, []).append(token)
    context |= {
        "accounts": [(account, roles.get(account.pk, ""), by_user.get(account.pk, [])) for account in accounts],
        "service_roles": [(role, dict(Membership.ROLES)[role], ROLE_HELP[role]) for role in SERVICE_ROLES],
        "scopes": _SCOPES,
        "token_days": TOKEN_DAYS,
    }
    error = more.get("error")
    response = render(request, "organisations/services.html", context, status=error.status if error else 200)
    if more.get("new_token"):
        response["Cache-Control"] = "no-store"
    return response


@require_safe
@signed_in
def page(request: HttpRequest, name: str) -> HttpResponse:
    return _page(request, name)


@require_POST
@signed_in
def create(request: HttpRequest, name: str) -> HttpResponse:
    space = administered(request, name, "services")["namespace"]
    wanted = request.POST.get("name", "").strip()
    try:
        service_account_create(asker=request.user, namespace=space, name=wanted, role=request.POST.get("role", ""))
    except ApplicationError as error:
        return _page(request, name, error=error)
    messages.success(request, f"{wanted} is there. It acts by its tokens alone: make one.")
    return redirect("organisation-services", name=space.name)


@require_POST
@signed_in
def delete(request: HttpRequest, name: str) -> HttpResponse:
    space = administered(request, name, "services")["namespace"]
    wanted = request.POST.get("name", "")
    try:
        service_account_delete(asker=request.user, namespace=space, name=wanted)
    except ApplicationError as error:
        return _page(request, name, error=error)
    messages.success(request, f"{wanted} is gone; its tokens are refused from now on.")
    return redirect("organisation-services", name=space.name)


@require_POST
@signed_in
def token_make(request: HttpRequest, name: str) -> HttpResponse:
    """SECURITY: the token is in this one answer only, as on the account page."""
    space = administered(request, name, "services")["namespace"]
    given = request.POST
    limit_check(TOKENS, f"u{request.user.pk}")
    try:
        days = given.get("days", "").strip()
        if days and not days.isdecimal():
            raise Invalid(f"{days[:20]!r} is not a number of days.")
        token, raw = service_token_create(
            asker=request.user, namespace=space, service=given.get("service", ""), name=given.get("name", ""),
            scopes=given.getlist("scopes"), expires_in_days=int(days) if days else None,
        )  # fmt: skip
    except ApplicationError as error:
        return _page(request, name, error=error)
    return _page(request, name, new_token=raw, new_token_name=f"{given.get('service')}: {token.name}")


@require_POST
@signed_in
def token_end(request: HttpRequest, name: str, ident) -> HttpResponse:
    context = administered(request, name, "services")
    if not context["is_owner"]:
        raise Forbidden(f"Only an owner of {context['namespace'].name} revokes tokens of its service accounts.")
    account = service_account_get(namespace=context["namespace"], name=request.POST.get("service", ""))
    token = token_get(user=account, ident=ident)
    token_revoke(token=token, asker=request.user)
    messages.success(request, f"The token “{token.name}” is refused from now on.")
    return redirect("organisation-services", name=context["namespace"].name)
