"""Settings: profile, access tokens, webhooks, notices."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from hub.accounts.models import AccessToken
from hub.accounts.rates import TOKENS
from hub.accounts.selectors import memberships_of, namespaces_writable, token_get, token_list
from hub.accounts.services import TOKEN_DAYS, token_create, token_revoke
from hub.core.errors import ApplicationError
from hub.core.ratelimit import limit_check
from hub.jobs.selectors import notices_of, webhooks_of
from hub.jobs.services import notices_read as notices_mark_read
from hub.jobs.services import webhook_create, webhook_delete
from hub.pages.forms import ProfileForm, TokenForm, WebhookForm
from hub.pages.shell import signed_in

_SCOPE_HELP = {
    "read": "see and fetch what you may see",
    "write": "push, change and delete your entries",
    "submit": "submit and cancel jobs",
    "admin": "everything, for administrators",
}


def _page(request: HttpRequest, status: int = 200, **extra: object) -> HttpResponse:
    user, spaces = request.user, namespaces_writable(request.user)
    context = {
        "profile": ProfileForm(instance=user),
        "token_form": TokenForm(initial={"days": TOKEN_DAYS}, namespaces=spaces),
        "webhook_form": WebhookForm(),
        "tokens": token_list(user=user),
        "scopes": [
            (name, word, _SCOPE_HELP[name]) for name, word in AccessToken.SCOPES if name != "admin" or user.is_staff
        ],
        "namespaces": spaces,
        "webhooks": webhooks_of(user),
        "notices": notices_of(user),
        "memberships": memberships_of(user),
        "has_mail": settings.HAS_MAIL,
        "token_days": TOKEN_DAYS,
        **extra,
    }
    return render(request, "account/settings.html", context, status=status)


@require_safe
@signed_in
def settings_page(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
@signed_in
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST, instance=request.user)
    if not form.is_valid():
        return _page(request, 422, profile=form)
    form.save()
    messages.success(request, "Profile saved.")
    return redirect("settings")


@require_POST
@signed_in
def token_make(request: HttpRequest) -> HttpResponse:
    """SECURITY: the token is in this one answer only: not in the session, not in an address, not in a cache."""
    form = TokenForm(request.POST, namespaces=namespaces_writable(request.user))
    if not form.is_valid():
        return _page(request, 422, token_form=form)
    data = form.cleaned_data
    limit_check(TOKENS, f"u{request.user.pk}")
    try:
        token, raw = token_create(
            user=request.user, name=data["name"], scopes=data["scopes"], expires_in_days=data["days"],
            repos=data["repos"], namespaces=data["namespaces"],
        )  # fmt: skip
    except ApplicationError as error:
        form.add_error(None, " ".join([error.message, *(row["message"] for row in error.errors)]))
        return _page(request, error.status, token_form=form)
    response = _page(request, new_token=raw, new_token_name=token.name)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@signed_in
def token_end(request: HttpRequest, ident) -> HttpResponse:
    token = token_get(user=request.user, ident=ident)
    token_revoke(token=token)
    messages.success(request, f"The token “{token.name}” is refused from now on.")
    return redirect("settings")


@require_POST
@signed_in
def webhook_make(request: HttpRequest) -> HttpResponse:
    form = WebhookForm(request.POST)
    if not form.is_valid():
        return _page(request, 422, webhook_form=form)
    try:
        webhook = webhook_create(owner=request.user, url=form.cleaned_data["url"])
    except ApplicationError as error:
        form.add_error("url", error.message)
        return _page(request, error.status, webhook_form=form)
    response = _page(request, new_secret=webhook.secret, new_secret_url=webhook.url)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@signed_in
def webhook_end(request: HttpRequest, ident) -> HttpResponse:
    webhook_delete(owner=request.user, webhook_id=str(ident))
    messages.success(request, "The webhook is gone.")
    return redirect("settings")


@require_POST
@signed_in
def notices_read(request: HttpRequest) -> HttpResponse:
    notices_mark_read(user=request.user)
    return redirect("settings")
