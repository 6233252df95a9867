"""Taking repos over from another hub: the form, what was asked for, and how far it is."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from hub.accounts.selectors import namespaces_writable
from hub.core.errors import ApplicationError
from hub.core.ratelimit import limit_check
from hub.imports.endpoints import endpoints_allowed
from hub.imports.limits import IMPORT
from hub.imports.models import Import
from hub.imports.selectors import imports_of
from hub.imports.services import import_start
from hub.pages.shell import signed_in

IMPORTS_SHOWN = 25


@require_http_methods(["GET", "POST"])
@signed_in
def page(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        try:
            found = _start(request)
        except ApplicationError as error:
            return _page(request, error)
        return redirect("job", ident=str(found.job.number)) if found.job else redirect("import")
    return _page(request)


def _start(request: HttpRequest) -> Import:
    limit_check(IMPORT, f"u{request.user.pk}")
    given = request.POST
    source = given.get("source", "").strip()
    name = given.get("name", "").strip()
    wanted = name or source.removeprefix("hf:").partition("@")[0].rpartition("/")[2]
    return import_start(
        user=request.user, source=source if source.startswith("hf:") else f"hf:{source}", mode=given.get("mode", "mirror"),
        target=f"{given.get('namespace') or request.user.username}/{wanted}", endpoint=given.get("endpoint") or None,
        token=given.get("token", "").strip() or None, refresh="refresh" in given, type=given.get("type", "model"), all_refs="all_refs" in given,
    )  # fmt: skip


def _page(request: HttpRequest, error: ApplicationError | None = None) -> HttpResponse:
    pages = Paginator(imports_of(request.user), IMPORTS_SHOWN)
    context = {
        "error": error,
        "given": request.POST,
        "source": request.POST.get("source") or request.GET.get("source", ""),
        "page": pages.get_page(request.GET.get("page")),
        "namespaces": namespaces_writable(request.user),
        "endpoints": endpoints_allowed(),
        "is_offline": settings.OFFLINE,
        "refreshes": settings.IMPORT_REFRESH,
    }
    return render(request, "imports/page.html", context, status=error.status if error else 200)
