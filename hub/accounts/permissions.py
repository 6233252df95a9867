"""What a token may do. Sessions have every right of their user (and CSRF checks); tokens only what their scopes name."""

from functools import cache

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from hub.accounts.models import AccessToken
from hub.accounts.scopes import INCLUDES, has_scope
from hub.core.errors import Forbidden, Unauthenticated


def scope_check(request: Request, needed: str, *, anonymous: bool = False) -> None:
    """Raises unless the request may do what `needed` names. `anonymous` lets people who are not signed in pass."""
    if isinstance(request.auth, AccessToken):
        if not has_scope(request.auth, needed):
            raise Forbidden(f"This token lacks the scope {needed!r}. It has {', '.join(request.auth.scopes)}.")
    elif not request.user.is_authenticated and not anonymous:
        raise Unauthenticated("Sign in, or send an access token.")


@cache
def scope(name: str, *, anonymous: bool = False) -> type[BasePermission]:
    """A permission class. `anonymous=True` is for public reads: what is visible is then decided by `visible_to`."""
    if name not in INCLUDES:
        raise ValueError(f"unknown scope {name!r}")

    class Scope(BasePermission):
        def has_permission(self, request: Request, view: APIView) -> bool:
            scope_check(request, name, anonymous=anonymous)
            return True

    Scope.__name__ = Scope.__qualname__ = f"Scope_{name}{'_or_anonymous' if anonymous else ''}"
    return Scope
