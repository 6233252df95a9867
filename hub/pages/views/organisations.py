"""Organisations: making one, its members and their roles, invitations, service accounts, use of room, the log, the settings."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from hub.accounts.invitations import invitations_open
from hub.accounts.models import Membership, Namespace
from hub.accounts.organisations import member_set, organisation_create, organisation_delete, organisation_update
from hub.accounts.quotas import quota_set
from hub.accounts.selectors import OWNER_ROLES, members_of, organisation_get, role_of, user_get
from hub.core.errors import ApplicationError, Forbidden, Invalid
from hub.pages.entry import Tab
from hub.pages.shell import signed_in
from hub.pages.storage import storage_of

ROLE_HELP = {
    "viewer": "sees private entries",
    "contributor": "also pushes and makes entries",
    "maintainer": "also changes settings, deletes entries, invites people",
    "owner": "also says who the owners are, and ends the organisation",
}


@require_http_methods(["GET", "POST"])
@signed_in
def new(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return render(request, "organisations/new.html", {"given": request.POST})
    try:
        made = organisation_create(name=request.POST.get("name", "").strip(), owner=request.user)
    except ApplicationError as error:
        return render(request, "organisations/new.html", {"given": request.POST, "error": error}, status=error.status)
    messages.success(request, f"{made.name} is there, and you own it. Invite the others.")
    return redirect("organisation-members", name=made.name)


def organisation_context(request: HttpRequest, name: str, here: str, **more: Any) -> dict[str, Any]:
    """SECURITY: members and administrators alone; to everybody else it reads as if it were not there."""
    space = organisation_get(user=request.user, name=name)
    role = role_of(request.user, space)
    may_administer = role in OWNER_ROLES or request.user.is_superuser
    return {
        "namespace": space,
        "role": role,
        "may_administer": may_administer,
        "is_owner": role == "owner" or request.user.is_superuser,
        "tabs": _tabs(space, here, may_administer),
        "given": request.POST,
        **more,
    }


def _tabs(space: Namespace, here: str, may_administer: bool) -> list[Tab]:
    words = [("members", "Members")]
    if may_administer:
        words += [
            ("services", "Service accounts"),
            ("usage", "Use of room"),
            ("audit", "Audit log"),
            ("settings", "Settings"),
        ]
    return [Tab(word, reverse(f"organisation-{name}", args=[space.name]), name == here) for name, word in words]


def administered(request: HttpRequest, name: str, here: str, **more: Any) -> dict[str, Any]:
    context = organisation_context(request, name, here, **more)
    if not context["may_administer"]:
        raise Forbidden(f"Only maintainers and owners of {context['namespace'].name} see this.")
    return context


def members_page(request: HttpRequest, name: str, **more: Any) -> HttpResponse:
    context = organisation_context(request, name, "members", **more)
    context |= {
        "members": members_of(context["namespace"]),
        "invitations": invitations_open(context["namespace"]) if context["may_administer"] else None,
        "roles": [(value, word, ROLE_HELP[value]) for value, word in Membership.ROLES],
    }
    error = more.get("error")
    response = render(request, "organisations/members.html", context, status=error.status if error else 200)
    if more.get("letter"):
        response["Cache-Control"] = "no-store"
    return response


@require_safe
@signed_in
def members(request: HttpRequest, name: str) -> HttpResponse:
    return members_page(request, name)


@require_POST
@signed_in
def member_role(request: HttpRequest, name: str) -> HttpResponse:
    """A role, or with `role` empty none any more. Whoever belongs to it may leave."""
    context = organisation_context(request, name, "members")
    space, role = context["namespace"], request.POST.get("role", "")
    member = user_get(name=request.POST.get("user", ""))
    is_leaving = member == request.user and not role
    if not context["may_administer"] and not is_leaving:
        raise Forbidden(f"Only maintainers and owners of {space.name} change its members.")
    try:
        member_set(namespace=space, user=member, role=role or None, asker=None if is_leaving else request.user)
    except ApplicationError as error:
        return members_page(request, name, error=error)
    if is_leaving:
        messages.success(request, f"You left {space.name}.")
        return redirect("settings")
    messages.success(
        request,
        f"{member.username} is {role} of {space.name}." if role else f"{member.username} is out of {space.name}.",
    )
    return redirect("organisation-members", name=space.name)


@require_safe
@signed_in
def usage(request: HttpRequest, name: str) -> HttpResponse:
    context = administered(request, name, "usage")
    return render(request, "organisations/usage.html", context | storage_of(context["namespace"]))


@require_POST
@signed_in
def quota(request: HttpRequest, name: str) -> HttpResponse:
    """For administrators of the hub: empty is as the settings of the hub say, 0 is no limit."""
    context = administered(request, name, "usage")
    space = context["namespace"]
    try:
        room, compute_s = _number(request, "quota_bytes"), _number(request, "quota_compute_s")
        quota_set(asker=request.user, namespace=space, quota_bytes=room, quota_compute_s=compute_s)
    except ApplicationError as error:
        page = context | storage_of(space) | {"error": error}
        return render(request, "organisations/usage.html", page, status=error.status)
    messages.success(request, f"The quota of {space.name} is set.")
    return redirect("organisation-usage", name=space.name)


def _number(request: HttpRequest, field: str) -> int | None:
    text = request.POST.get(field, "").strip().replace(" ", "")
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise Invalid(f"{text[:20]!r} is not a number from 0 on.")
    return int(text) if text else None


def _settings(request: HttpRequest, name: str, *, error: ApplicationError | None = None, at: str = "") -> HttpResponse:
    context = administered(request, name, "settings", refused={at: error})
    space = context["namespace"]
    kept = request.POST if at == "profile" else {"full_name": space.full_name, "about": space.about}
    return render(
        request, "organisations/settings.html", context | {"profile": kept}, status=error.status if error else 200
    )


@require_safe
@signed_in
def settings_page(request: HttpRequest, name: str) -> HttpResponse:
    return _settings(request, name)


@require_POST
@signed_in
def profile(request: HttpRequest, name: str) -> HttpResponse:
    space = administered(request, name, "settings")["namespace"]
    given = request.POST
    try:
        organisation_update(
            asker=request.user, namespace=space, full_name=given.get("full_name"), about=given.get("about")
        )
    except ApplicationError as error:
        return _settings(request, name, error=error, at="profile")
    messages.success(request, "Profile saved.")
    return redirect("organisation-settings", name=space.name)


@require_POST
@signed_in
def delete(request: HttpRequest, name: str) -> HttpResponse:
    space = administered(request, name, "settings")["namespace"]
    try:
        if request.POST.get("confirm", "").strip() != space.name:
            raise Invalid(f"Type {space.name} to say that you mean this one.")
        organisation_delete(asker=request.user, namespace=space)
    except ApplicationError as error:
        return _settings(request, name, error=error, at="delete")
    messages.success(request, f"{space.name} is gone.")
    return redirect("settings")
