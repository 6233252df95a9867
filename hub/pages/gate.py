"""Where a visitor stands before the gate of an entry, for the pages that show it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hub.catalog.gates import access_of, gate_is_open
from hub.catalog.models import Repo
from hub.core.markdown import render as markdown


def gate_of(request: HttpRequest, repo: Repo) -> dict[str, Any] | None:
    """None when the files are open to the asker."""
    if gate_is_open(user=request.user, repo=repo):
        return None
    asked = access_of(user=request.user, repo=repo)
    return {
        "disabled_reason": repo.disabled_reason,
        "state": asked.state if asked else "",
        "asked_at": asked.created_at if asked else None,
        "reason": asked.reason if asked else "",
        "terms": markdown(repo.gate_terms, repo=repo.full_name) if repo.gate_terms else None,
    }


def gated_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """In place of a page that would show what is in a file."""
    return render(request, "catalog/gated.html", context, status=403)
