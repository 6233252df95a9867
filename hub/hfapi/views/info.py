"""One repo, and lists of repos."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import commit_resolve, entries_of
from hub.core.errors import Invalid
from hub.core.pagination import keyset_slice
from hub.hfapi.bodies import flag
from hub.hfapi.endpoint import TYPES, asker_of, endpoint, repo_of
from hub.hfapi.links import link_next
from hub.hfapi.listing import SORTS, TREND, repos_filter
from hub.hfapi.wire import basics_json, config_json, full_json, safetensors_json, sibling_json

EXPANDABLE = frozenset({
    "author", "baseModels", "cardData", "childrenModelCount", "config", "createdAt", "disabled", "downloads", "downloadsAllTime", "gated",
    "gguf", "inference", "inferenceProviderMapping", "lastModified", "library_name", "likes", "mask_token", "model-index", "pipeline_tag",
    "private", "resourceGroup", "safetensors", "sha", "siblings", "spaces", "tags", "transformersInfo", "trendingScore", "usedStorage",
    "widgetData", "citation", "description", "paperswithcode_id", "xetEnabled", "gitalyUid", "evalResults",
})  # fmt: skip
LIMIT_MAX = 1000


@endpoint("GET")
def info(request: HttpRequest, kind: str, ns: str, name: str, revision: str = "") -> HttpResponse:
    repo = repo_of(request, kind, ns, name)
    commit = commit_resolve(repo, revision or repo.default_branch)
    blobs, expand = flag(request.GET.get("blobs", "")), expand_of(request)
    body = _complete(repo, commit, blobs=blobs, with_files=not expand or "siblings" in expand)
    if flag(request.GET.get("securityStatus", "")):
        body["securityRepoStatus"] = {"scansDone": True, "filesWithIssues": []}
    return JsonResponse(_only(body, expand) if expand else body)


@endpoint("GET")
def listing(request: HttpRequest, kind: str) -> HttpResponse:
    expand = expand_of(request)
    full = flag(request.GET.get("full", "")) or bool(expand)
    repos = repos_filter(Repo.objects.visible_to(asker_of(request), "read").filter(type=TYPES[kind]), request.GET)
    sort = request.GET.get("sort") or "trendingScore"
    if sort not in SORTS:
        raise Invalid(f"{sort[:40]!r} is not an order. Choose one of {', '.join(SORTS)}.")
    if SORTS[sort] == "-trend":
        repos = repos.annotate(trend=TREND)
    rows = _rows(repos, flag(request.GET.get("cardData", "")) or "cardData" in expand)
    limit = _limit(request)
    page = keyset_slice(
        rows, (SORTS[sort], "id"), cursor=request.GET.get("cursor") or None, limit=limit, scope=f"hf:{kind}"
    )
    response = JsonResponse([_listed(repo, request, expand, full) for repo in page.rows], safe=False)
    if page.next:
        link_next(request, response, cursor=page.next)
    return response


def expand_of(request: HttpRequest) -> list[str]:
    wanted = [*request.GET.getlist("expand"), *request.GET.getlist("expand[]")]
    unknown = [name for name in wanted if name not in EXPANDABLE]
    if unknown:
        raise Invalid(f"{unknown[0][:40]!r} cannot be expanded.")
    return wanted


def _rows(repos: QuerySet[Repo], with_card: bool) -> QuerySet[Repo]:
    return repos.defer("words") if with_card else repos.defer("words", "card")


def _limit(request: HttpRequest) -> int:
    """The client's `limit` is its own cut too, so a large one is a small page here and no error."""
    text = request.GET.get("limit", "")
    if not text:
        return LIMIT_MAX
    if not text.isascii() or not text.isdigit() or int(text[:9]) < 1:
        raise Invalid(f"limit is {text[:20]!r}. Write a whole number from 1.")
    return min(int(text[:9]), LIMIT_MAX)


def _listed(repo: Repo, request: HttpRequest, expand: list[str], full: bool) -> dict[str, Any]:
    if expand:
        commit = (
            commit_resolve(repo, repo.head)
            if repo.head and {"siblings", "config", "safetensors"} & set(expand)
            else None
        )
        body = (
            _complete(repo, commit, blobs=False, with_files="siblings" in expand)
            if commit
            else {**basics_json(repo), **full_json(repo, repo.head)}
        )
        return _only(
            {**body, "cardData": repo.card, "trendingScore": 0}
            if "cardData" in expand
            else {**body, "trendingScore": 0},
            expand,
        )
    body = basics_json(repo)
    if full:
        body |= full_json(repo, repo.head)
        entries = entries_of(commit_resolve(repo, repo.head), with_last_commit=False)
        body["siblings"] = [sibling_json(entry, blobs=False) for entry in entries if not entry.is_folder]
    if flag(request.GET.get("cardData", "")):
        body["cardData"] = repo.card
    return body


def _complete(repo: Repo, commit: Commit, *, blobs: bool, with_files: bool) -> dict[str, Any]:
    body = {
        **basics_json(repo),
        **full_json(repo, commit.oid),
        "cardData": repo.card,
        "trendingScore": 0,
        "downloadsAllTime": repo.downloads,
    }
    if with_files:
        entries = entries_of(commit, with_last_commit=False)
        body["siblings"] = [sibling_json(entry, blobs=blobs) for entry in entries if not entry.is_folder]
    if repo.type == "model":
        facts = commit.facts
        body["config"] = config_json(facts)
        tensors = safetensors_json(facts)
        if tensors is not None:
            body["safetensors"] = tensors
    return body


def _only(body: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key in names or key in ("_id", "id")}
