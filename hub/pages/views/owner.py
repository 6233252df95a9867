"""What one user or organisation has put here."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.accounts.selectors import namespace_get
from hub.catalog.models import Repo
from hub.pages.browsing import rows_of

MOST = 200


@require_safe
def owner(request: HttpRequest, namespace: str) -> HttpResponse:
    space = namespace_get(namespace)
    repos = (
        Repo.objects.visible_to(request.user, "read")
        .filter(namespace=space)
        .defer("words", "card")
        .order_by("-updated_at", "id")
    )
    shown = list(repos[:MOST])
    context = {
        "namespace": space,
        "is_mine": request.user.is_authenticated and space.owner_id == request.user.pk,
        "rows": rows_of([repo for repo in shown if repo.type == "model"], user=request.user),
        "datasets": [repo for repo in shown if repo.type == "dataset"],
        "is_cut": len(shown) == MOST,
    }
    return render(request, "catalog/owner.html", context)
