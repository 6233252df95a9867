"""One repo, and lists of repos."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.catalog.models import Repo
from hub.catalog.selectors import commit_resolve
from hub.core.errors import Invalid
from hub.core.pagination import keyset_slice
from hub.hfapi.bodies import flag
from hub.hfapi.describing import COSTLY, EXPANDABLE, details_of, listed_json, repo_json
from hub.hfapi.endpoint import TYPES, asker_of, endpoint, repo_of
from hub.hfapi.links import link_next
from hub.hfapi.listing import SORTS, TREND, repos_filter

LIMIT_MAX, LIMIT_COSTLY = 1000, 100


@endpoint("GET")
def info(request: HttpRequest, kind: str, ns: str, name: str, revision: str = "") -> HttpResponse:
    repo = repo_of(request, kind, ns, name)
    commit = commit_resolve(repo, revision or repo.default_branch)
    body = repo_json(repo, commit, blobs=flag(request.GET.get("blobs", "")), expand=expand_of(request))
    response = JsonResponse(body)
    response["X-Repo-Commit"] = commit.oid
    return response


@endpoint("GET")
def listing(request: HttpRequest, kind: str) -> HttpResponse:
    expand = expand_of(request)
    full, config, card = (flag(request.GET.get(name, "")) for name in ("full", "config", "cardData"))
    card = card or "cardData" in expand or "model-index" in expand
    repos = repos_filter(Repo.objects.visible_to(asker_of(request), "read").filter(type=TYPES[kind]), request.GET)
    sort = request.GET.get("sort") or "trendingScore"
    if sort not in SORTS:
        raise Invalid(f"{sort[:40]!r} is not an order. Choose one of {', '.join(SORTS)}.")
    if request.GET.get("direction", "-1") != "-1":
        raise Invalid("Lists are in falling order here: send direction=-1, or leave it out.")
    if SORTS[sort] == "-trend":
        repos = repos.annotate(trend=TREND)
    wanted = {*expand, *(["siblings"] if full else []), *(["config"] if config else [])}
    limit = _limit(request, LIMIT_COSTLY if wanted & COSTLY else LIMIT_MAX)
    cursor = request.GET.get("cursor") or None
    page = keyset_slice(_rows(repos, card), (SORTS[sort], "id"), cursor=cursor, limit=limit, scope=f"hf:{kind}")
    details = details_of(page.rows, wanted)
    rows = [listed_json(repo, details, expand=expand, full=full, config=config, card=card) for repo in page.rows]
    response = JsonResponse(rows, safe=False)
    if page.next:
        link_next(request, response, cursor=page.next)
    return response


def expand_of(request: HttpRequest) -> list[str]:
    wanted = [*request.GET.getlist("expand"), *request.GET.getlist("expand[]")]
    if flag(request.GET.get("securityStatus", "")) and wanted:
        wanted.append("securityRepoStatus")
    unknown = [name for name in wanted if name not in EXPANDABLE]
    if unknown:
        raise Invalid(f"{unknown[0][:40]!r} cannot be expanded. Choose from {', '.join(sorted(EXPANDABLE))}.")
    return wanted


def _rows(repos: QuerySet[Repo], with_card: bool) -> QuerySet[Repo]:
    return repos.defer("words") if with_card else repos.defer("words", "card")


def _limit(request: HttpRequest, most: int) -> int:
    """The client's `limit` is its own cut too, so a large one is a small page here and no error."""
    text = request.GET.get("limit", "")
    if not text:
        return most
    if not text.isascii() or not text.isdigit() or int(text[:9]) < 1:
        raise Invalid(f"limit is {text[:20]!r}. Write a whole number from 1.")
    return min(int(text[:9]), most)
