"""Liking an entry, and who likes it."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from hub.catalog.likes import like_set, likers_of
from hub.core.errors import Unauthenticated
from hub.pages.entry import entry_open, repo_for
from hub.pages.shell import local_url
from hub.pages.templatetags.parts import repo_url
from hub.pages.views.repo import entry_context

LIKERS_SHOWN = 100


@require_POST
def like(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    repo = repo_for(request, namespace, name, repo_type)
    if not request.user.is_authenticated:
        raise Unauthenticated("Sign in first.")
    like_set(user=request.user, repo=repo, liked=request.POST.get("liked") == "1")
    return redirect(local_url(request, request.META.get("HTTP_REFERER", ""), repo_url(repo.full_name, repo.type)))


@require_safe
def likers(request: HttpRequest, namespace: str, name: str, repo_type: str = "model") -> HttpResponse:
    opened = entry_open(request, namespace, name, type=repo_type)
    pages = Paginator(likers_of(opened.repo), LIKERS_SHOWN)
    context = entry_context(request, opened, "likers") | {"page": pages.get_page(request.GET.get("page"))}
    return render(request, "catalog/likers.html", context)
