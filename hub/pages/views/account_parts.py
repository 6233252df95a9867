"""The account beyond profile and tokens: devices, room, and everything one can take along or end."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth import login, logout
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from hub.accounts.export import account_export
from hub.accounts.leaving import account_delete
from hub.accounts.models import Device
from hub.accounts.rates import EXPORT, PASSWORD
from hub.accounts.selectors import namespace_get
from hub.accounts.services import password_change
from hub.accounts.sessions import session_end, sessions_end, sessions_of
from hub.core.errors import ApplicationError, Invalid
from hub.core.ratelimit import limit_check
from hub.pages.shell import signed_in
from hub.pages.storage import storage_of

_BROWSERS = (
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device_words(browser: str) -> str:
    """`Firefox on Linux`, out of what a browser says of itself; its first words where that is not known."""
    name = next((word for mark, word in _BROWSERS if mark in browser), "")
    system = next((word for mark, word in _SYSTEMS if mark in browser), "")
    return " on ".join(word for word in (name, system) if word) or browser[:60] or "Unknown browser"


@require_safe
@signed_in
def devices(request: HttpRequest) -> HttpResponse:
    return _devices_page(request)


def _devices_page(request: HttpRequest, error: ApplicationError | None = None) -> HttpResponse:
    rows = [_device(row, request.session.session_key) for row in sessions_of(request.user)]
    context = {"sessions": rows, "error": error}
    return render(request, "account/devices.html", context, status=error.status if error else 200)


@sensitive_post_parameters("old", "new", "again")
@require_POST
@signed_in
def password(request: HttpRequest) -> HttpResponse:
    """Ends every session of the account; this browser gets a new one at once."""
    limit_check(PASSWORD, f"u{request.user.pk}")
    given = request.POST
    try:
        if given.get("new", "") != given.get("again", ""):
            raise Invalid("The two new passwords differ.")
        user = password_change(user=request.user, old=given.get("old", ""), new=given.get("new", ""))
    except ApplicationError as error:
        return _devices_page(request, error)
    request.session.flush()
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    messages.success(request, "The password is changed. Every other browser has to sign in again.")
    return redirect("settings-devices")


def _device(row: Device, here: str | None) -> dict[str, Any]:
    return {
        "ident": row.pk, "device": device_words(row.browser), "address": row.address, "seen_at": row.seen_at,
        "signed_in_at": row.created_at, "is_current": row.session_key == here,
    }  # fmt: skip


@require_POST
@signed_in
def device_end(request: HttpRequest, ident) -> HttpResponse:
    session_end(user=request.user, ident=ident)
    messages.success(request, "That browser has to sign in again.")
    return redirect("settings-devices")


@require_POST
@signed_in
def devices_end(request: HttpRequest) -> HttpResponse:
    count = sessions_end(user=request.user, but=request.session.session_key)
    messages.success(
        request, "No other browser was signed in." if not count else "Every other browser has to sign in again."
    )
    return redirect("settings-devices")


@require_safe
@signed_in
def storage(request: HttpRequest) -> HttpResponse:
    return render(request, "account/storage.html", storage_of(namespace_get(request.user.username)))


@require_safe
@signed_in
def data(request: HttpRequest) -> HttpResponse:
    return render(request, "account/data.html", {})


@require_POST
@signed_in
def export(request: HttpRequest) -> HttpResponse:
    limit_check(EXPORT, f"u{request.user.pk}")
    text = json.dumps(account_export(request.user), cls=DjangoJSONEncoder, indent=1, ensure_ascii=False)
    response = HttpResponse(text, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{request.user.username}.json"'
    response["Cache-Control"] = "no-store"
    return response


@sensitive_post_parameters("password")
@require_POST
@signed_in
def delete(request: HttpRequest) -> HttpResponse:
    user = request.user
    try:
        if request.POST.get("confirm", "").strip() != user.username:
            raise Invalid(f"Type {user.username} to say that you mean it.")
        account_delete(user=user, password=request.POST.get("password", ""))
    except ApplicationError as error:
        return render(request, "account/data.html", {"error": error}, status=error.status)
    logout(request)
    return redirect("home")
