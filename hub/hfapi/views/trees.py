"""What is in a repo: files, some files, refs, commits."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.catalog.models import Ref
from hub.catalog.selectors import commit_resolve, commits_of, entries_get, entries_of
from hub.core.errors import Invalid
from hub.core.pagination import cursor_decode, cursor_encode
from hub.hfapi.bodies import flag, form_or_json
from hub.hfapi.endpoint import endpoint, repo_of
from hub.hfapi.links import link_next
from hub.hfapi.routing import commit_and_path
from hub.hfapi.wire import commit_json, entry_json

PAGE, PAGE_EXPANDED, COMMITS_PAGE, PATHS_MAX = 1000, 100, 50, 20_000


@endpoint("GET")
def tree(request: HttpRequest, kind: str, ns: str, name: str, rest: str) -> HttpResponse:
    repo = repo_of(request, kind, ns, name)
    commit, _, path = commit_and_path(request, repo, rest)
    recursive, expand = flag(request.GET.get("recursive", "")), flag(request.GET.get("expand", ""))
    scope = f"tree:{commit.oid}:{path}"
    entries = entries_of(commit, path, recursive=recursive, with_last_commit=expand)
    cursor = request.GET.get("cursor", "")
    if cursor:
        (after,) = cursor_decode(cursor, scope=scope, length=1)
        entries = [entry for entry in entries if entry.path > after]
    limit = _number(request, "limit", PAGE_EXPANDED if expand else PAGE, PAGE)
    response = JsonResponse([entry_json(entry, expand=expand) for entry in entries[:limit]], safe=False)
    response["X-Repo-Commit"] = commit.oid
    if len(entries) > limit:
        link_next(request, response, cursor=cursor_encode([entries[limit - 1].path], scope=scope))
    return response


@endpoint("POST")
def paths_info(request: HttpRequest, kind: str, ns: str, name: str, revision: str) -> HttpResponse:
    repo = repo_of(request, kind, ns, name)
    commit = commit_resolve(repo, revision)
    fields = form_or_json(request)
    paths = [path.strip("/") for path in fields.get("paths", [])]
    if len(paths) > PATHS_MAX:
        raise Invalid(f"{len(paths)} paths; at most {PATHS_MAX} are looked up at once.")
    expand = flag((fields.get("expand") or ["false"])[0])
    return JsonResponse(
        [entry_json(entry, expand=expand) for entry in entries_get(commit, paths, with_last_commit=expand)], safe=False
    )


@endpoint("GET")
def refs(request: HttpRequest, kind: str, ns: str, name: str) -> HttpResponse:
    repo = repo_of(request, kind, ns, name)
    rows = list(Ref.objects.filter(repo=repo).order_by("name").values_list("kind", "name", "commit__oid"))
    body: dict[str, list[dict[str, str]]] = {
        "branches": [
            {"name": name, "ref": f"refs/heads/{name}", "targetCommit": oid}
            for kind, name, oid in rows
            if kind == "branch"
        ],
        "converts": [],
        "tags": [
            {"name": name, "ref": f"refs/tags/{name}", "targetCommit": oid} for kind, name, oid in rows if kind == "tag"
        ],
    }
    if flag(request.GET.get("include_prs", "")):
        body["pullRequests"] = []
    return JsonResponse(body)


@endpoint("GET")
def commits(request: HttpRequest, kind: str, ns: str, name: str, revision: str) -> HttpResponse:
    repo = repo_of(request, kind, ns, name)
    rows = commits_of(commit_resolve(repo, revision))
    page, limit = _number(request, "p", 0, 10**6, least=0), _number(request, "limit", COMMITS_PAGE, 1000)
    total = rows.count()
    formatted = "formatted" in request.GET.getlist("expand") + request.GET.getlist("expand[]")
    shown = rows[page * limit : (page + 1) * limit]
    response = JsonResponse([commit_json(commit, formatted=formatted) for commit in shown], safe=False)
    response["X-Total-Count"] = str(total)
    if (page + 1) * limit < total:
        link_next(request, response, p=page + 1, limit=limit)
    return response


def _number(request: HttpRequest, name: str, default: int, maximum: int, least: int = 1) -> int:
    text = request.GET.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text[:9]) < least:
        raise Invalid(f"{name} is {text[:20]!r}. Write a whole number from {least}.")
    return min(int(text[:9]), maximum)
