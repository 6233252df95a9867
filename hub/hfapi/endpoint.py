"""`endpoint`: who asks, with which token, and every error in the form that the clients expect."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.csrf import csrf_exempt

from hub.accounts.authentication import TokenAuthentication
from hub.accounts.models import AccessToken, User
from hub.accounts.scopes import has_scope
from hub.catalog.errors import RepoMissing
from hub.catalog.models import Repo
from hub.catalog.selectors import repo_get
from hub.core.errors import ApplicationError, Forbidden, Invalid, Unauthenticated
from hub.core.ratelimit import Limit, address_of, headers_add, limit_check, request_count, too_many
from hub.hfapi.errors import MethodNotAllowed, error_response
from hub.hfapi.moved import RepoMoved, moved_response

View = Callable[..., HttpResponseBase]
TYPES = {"models": "model", "datasets": "dataset"}
# Guessing tokens is hopeless; a client that repeats a revoked one all day is asked to stop.
BAD_TOKENS = Limit("bad-tokens", 60, 60)
_SAFE = ("GET", "HEAD")


def endpoint(*methods: str, scope: str = "read", limited: str = "all") -> Callable[[View], View]:
    """`scope` is what a token needs. `limited` says whose requests count against the general limits: "all", "anonymous" for files that
    clients read in bursts of ranges, "none" where the right is in the address and whoever wrote that was counted. SECURITY: a session may read by GET; to change something it has to send the CSRF token of our own pages
    in a header, which no other site can."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def run(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            response = answer(request, *args, **kwargs)
            headers_add(response, getattr(request, "rate_usage", None))
            return response

        def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            try:
                if request.method not in methods:
                    raise MethodNotAllowed(
                        f"{request.method} is not possible here.", headers={"Allow": ", ".join(methods)}
                    )
                if "\0" in request.path or "\0" in request.META.get("QUERY_STRING", "").replace("%00", "\0"):
                    raise Invalid("The address holds a NUL character.")
                request.asker = _asker(request, scope)  # type: ignore[attr-defined]
                request.asker_is_known = request.asker.is_authenticated  # type: ignore[attr-defined]
                if limited == "all" or (limited == "anonymous" and not request.asker_is_known):  # type: ignore[attr-defined]
                    _count(request)
                return view(request, *args, **kwargs)
            except RepoMoved as moved:
                return moved_response(request, moved)
            except ApplicationError as error:
                return error_response(error, request)
            except UnreadablePostError:
                return error_response(Invalid("The connection ended before the whole body came."), request)

        return run

    return decorate


def _count(request: HttpRequest) -> None:
    usage = request_count(request, asker_of(request))
    request.rate_usage = usage  # type: ignore[attr-defined]
    if usage is not None and usage.is_over:
        raise too_many(usage)


def _asker(request: HttpRequest, scope: str) -> User | AnonymousUser:
    try:
        found = TokenAuthentication().authenticate(request)
    except Unauthenticated:
        limit_check(BAD_TOKENS, address_of(request))
        raise
    if found is not None:
        user, token = found
        request.access_token = token  # type: ignore[attr-defined]
        _scope_check(request, scope)
        return user
    request.access_token = None  # type: ignore[attr-defined]
    if request.user.is_authenticated and (request.method in _SAFE or _csrf_is_right(request)):
        return request.user
    return AnonymousUser()


class _Csrf(CsrfViewMiddleware):
    """Django's own check, with the reason as its answer instead of a page."""

    def _reject(self, request: HttpRequest, reason: str) -> str:
        return reason


def _csrf_is_right(request: HttpRequest) -> bool:
    """SECURITY: these routes are exempt from the middleware, because tokens need no such check; a session does. The header alone
    counts: looking for the token in a form would read the body."""
    if not request.headers.get("X-CSRFToken"):
        return False
    check = _Csrf(lambda _: HttpResponse())
    check.process_request(request)
    return check.process_view(request, lambda *_: HttpResponse(), (), {}) is None


def _scope_check(request: HttpRequest, scope: str) -> None:
    token: AccessToken | None = request.access_token  # type: ignore[attr-defined]
    if token is not None and not has_scope(token, scope):
        raise Forbidden(f"This token lacks the scope {scope!r}. It has {', '.join(token.scopes)}.")


def asker_of(request: HttpRequest) -> User | AnonymousUser:
    return request.asker  # type: ignore[attr-defined, no-any-return]


def user_of(request: HttpRequest) -> User:
    """For routes that somebody has to be signed in for."""
    asker = asker_of(request)
    if not isinstance(asker, User):
        raise Unauthenticated("Sign in first: send an access token.")
    return asker


def repo_of(request: HttpRequest, kind: str, ns: str, name: str, action: str = "read") -> Repo:
    """SECURITY: reading comes first, so that nobody learns of a private repo by trying to write to it."""
    if kind not in TYPES:
        raise RepoMissing()
    _scope_check(request, "read" if action == "read" else "write")
    asker, full_name = asker_of(request), f"{ns}/{name}"
    if action == "read":
        return _at_its_name(request, repo_get(user=asker, full_name=full_name, type=TYPES[kind]), full_name)
    if not asker.is_authenticated:
        repo_get(user=asker, full_name=full_name, type=TYPES[kind])
    return repo_get(user=user_of(request), full_name=full_name, type=TYPES[kind], action=action)


def _at_its_name(request: HttpRequest, repo: Repo, asked: str) -> Repo:
    """Reads by an old name are sent to the new one. Writes are served as they are: few clients send a body twice."""
    if request.method in _SAFE and repo.full_name.lower() != asked.lower():
        raise RepoMoved(old=asked, new=repo.full_name)
    return repo
