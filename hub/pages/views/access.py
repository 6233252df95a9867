"""Gated entries: asking for access, and deciding on who asked."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from hub.accounts.selectors import user_get
from hub.catalog.gates import access_ask, access_decide, access_requests
from hub.catalog.models import AccessRequest, Repo
from hub.core.errors import ApplicationError, Invalid, Unauthenticated
from hub.pages.entry import address, entry_open, repo_for
from hub.pages.templatetags.parts import repo_url
from hub.pages.views.repo import entry_context

REQUESTS_SHOWN = 50
STATES = tuple(state for state, _ in AccessRequest.STATES)
_DONE = {"accepted": "may read {repo} now.", "rejected": "is turned away from {repo}.", "pending": "waits again."}


@require_POST
def ask(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    repo = repo_for(request, namespace, name, repo_type)
    if not request.user.is_authenticated:
        raise Unauthenticated("Sign in first.")
    if repo.gate_terms and "agreed" not in request.POST:
        raise Invalid("Read the terms and tick that you agree to them.")
    access_ask(user=request.user, repo=repo, message=request.POST.get("message", "").strip()[:1000])
    return redirect(repo_url(repo.full_name, repo.type))


def _page(request: HttpRequest, repo: Repo, error: ApplicationError | None = None) -> HttpResponse:
    opened = entry_open(request, repo.namespace.name, repo.name, type=repo.type)
    state = request.GET.get("state", "pending")
    state = state if state in STATES else "pending"
    rows = access_requests(user=request.user, repo=repo, state=state)
    counts = {value: len(access_requests(user=request.user, repo=repo, state=value)) for value in STATES}
    context = entry_context(request, opened, "settings") | {
        "page": Paginator(rows, REQUESTS_SHOWN).get_page(request.GET.get("page")),
        "state": state,
        "states": [(value, word, counts[value]) for value, word in AccessRequest.STATES],
        "error": error,
        "given": request.POST,
    }
    return render(request, "catalog/access.html", context, status=error.status if error else 200)


@require_safe
def page(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    return _page(request, repo_for(request, namespace, name, repo_type, "admin"))


@require_POST
def decide(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    """Accept or reject; granting to who has not asked is the same deed."""
    repo = repo_for(request, namespace, name, repo_type, "admin")
    state = request.POST.get("state", "")
    try:
        if state not in STATES:
            raise Invalid(f"{state[:20]!r} is nothing to decide. Choose accepted or rejected.")
        user = user_get(name=request.POST.get("user", "").strip())
        access_decide(
            asker=request.user, repo=repo, user=user, state=state, reason=request.POST.get("reason", "").strip()[:500]
        )
    except ApplicationError as error:
        return _page(request, repo, error)
    messages.success(request, f"{user.username} {_DONE[state].format(repo=repo.full_name)}")
    return redirect(address(repo, "access"))
