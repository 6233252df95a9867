"""A new, empty entry: its name, and who may see it. Files come next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from hub.accounts.selectors import namespaces_writable
from hub.catalog.services import repo_create
from hub.core.errors import ApplicationError
from hub.pages.entry import address
from hub.pages.shell import signed_in


@require_http_methods(["GET", "POST"])
@signed_in
def page(request: HttpRequest) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    context = {"namespaces": namespaces_writable(request.user), "given": given}
    if request.method == "GET":
        return render(request, "catalog/new.html", context)
    try:
        made = repo_create(
            user=request.user, namespace=given.get("namespace", "") or request.user.username, name=given.get("name", "").strip(),
            type=given.get("type", "model"), visibility=given.get("visibility", "private"),
        )  # fmt: skip
    except ApplicationError as error:
        return render(request, "catalog/new.html", context | {"error": error}, status=error.status)
    return redirect(address(made, "tree", made.default_branch))
