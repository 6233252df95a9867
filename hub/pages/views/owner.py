"""What one user or organisation has put here, and who that is."""

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.accounts.models import Namespace
from hub.accounts.selectors import WRITER_ROLES, namespace_get, role_of
from hub.catalog.models import Repo
from hub.pages.browsing import rows_of

MOST = 200


@require_safe
def owner(request: HttpRequest, namespace: str) -> HttpResponse:
    space = namespace_get(namespace)
    visible = Repo.objects.visible_to(request.user, "read").filter(namespace=space)
    counts = dict(visible.values_list("type").annotate(count=Count("pk")))
    shown = list(visible.defer("words", "card").order_by("-updated_at", "id")[:MOST])
    is_mine, role = _belonging(request, space)
    context = {
        "namespace": space,
        "display_name": space.full_name or (space.owner.full_name if space.owner else ""),
        "is_mine": is_mine,
        "role": role,
        "may_write": is_mine or role in WRITER_ROLES or request.user.is_superuser,
        "counts": {"models": counts.get("model", 0), "datasets": counts.get("dataset", 0)},
        "rows": rows_of([repo for repo in shown if repo.type == "model"], user=request.user),
        "datasets": [repo for repo in shown if repo.type == "dataset"],
        "is_cut": len(shown) == MOST,
    }
    return render(request, "catalog/owner.html", context)


def _belonging(request: HttpRequest, space: Namespace) -> tuple[bool, str]:
    """Whether it is the asker's own, and the asker's role in it if it is an organisation."""
    if not request.user.is_authenticated:
        return False, ""
    if space.kind == "organisation":
        return False, role_of(request.user, space)
    return space.owner_id == request.user.pk, ""
