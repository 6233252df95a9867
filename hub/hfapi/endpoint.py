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
from hub.core.ratelimit import Limit, address_of, limit_check
from hub.hfapi.errors import MethodNotAllowed, error_response

View = Callable[..., HttpResponseBase]
TYPES = {"models": "model", "datasets": "dataset"}
# Guessing tokens is hopeless; a client that repeats a revoked one all day is asked to stop.
BAD_TOKENS = Limit("bad-tokens", 60, 60)
_SAFE = ("GET", "HEAD")


def endpoint(*methods: str, scope: str = "read") -> Callable[[View], View]:
    """`scope` is what a token needs. SECURITY: a session may read by GET; to change something it has to send the CSRF token of our own pages
    in a header, which no other site can."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def run(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            try:
                if request.method not in methods:
                    raise MethodNotAllowed(
                        f"{request.method} is not possible here.", headers={"Allow": ", ".join(methods)}
                    )
                if "\0" in request.path or "\0" in request.META.get("QUERY_STRING", "").replace("%00", "\0"):
                    raise Invalid("The address holds a NUL character.")
                request.asker = _asker(request, scope)  # type: ignore[attr-defined]
                request.asker_is_known = request.asker.is_authenticated  # type: ignore[attr-defined]
                return view(request, *args, **kwargs)
            except ApplicationError as error:
                return error_response(error, request)
            except UnreadablePostError:
                return error_response(Invalid("The connection ended before the whole body came."), request)

        return run

    return decorate


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

    def _reject(self, request: HttpRequest, reason: str) -> str:  # type: ignore[override]
        return reason


def _csrf_is_right(request: HttpRequest) -> bool:
    """SECURITY: these routes are exempt from the middleware, because tokens need no such check; a session does. The header alone
    counts: looking for the token in a form would read the body."""
    if not request.headers.get("X-CSRFToken"):
        return False
    check = _Csrf(lambda _: HttpResponse())
    check.process_request(request)
    return check.process_view(request, None, (), {}) is None


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
        return repo_get(user=asker, full_name=full_name, type=TYPES[kind])
    if not asker.is_authenticated:
        repo_get(user=asker, full_name=full_name, type=TYPES[kind])
    return repo_get(user=user_of(request), full_name=full_name, type=TYPES[kind], action=action)
