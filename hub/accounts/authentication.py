"""Who is asking: an access token in the Authorization header, or else a session."""

import base64

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from hub.accounts.models import AccessToken, User
from hub.accounts.selectors import token_authenticate
from hub.core.errors import Unauthenticated

BAD_TOKEN = "Invalid credentials in Authorization header"  # noqa: S105
_HEADER_LIMIT = 1024


class TokenAuthentication(BaseAuthentication):
    """`Bearer TOKEN`, or Basic with the token as password, as git and LFS clients send it. Sets `request.auth` to the AccessToken.

    SECURITY: a request with an Authorization header is never authorised by its cookies. A header we cannot accept is an
    error, not an anonymous request.
    """

    def authenticate(self, request: Request | HttpRequest) -> tuple[User, AccessToken] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        raw = token_of_header(header)
        token = token_authenticate(raw) if raw else None
        if token is None:
            raise Unauthenticated(
                "The access token is not valid: misspelt, revoked or expired.", headers={"X-Error-Message": BAD_TOKEN}
            )
        token.user.token = token
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="genepool"'


def token_of_header(header: str) -> str:
    """The token in an Authorization header, or "" when there is none to be found."""
    scheme, _, rest = header.strip().partition(" ")
    rest = rest.strip()
    if len(header) > _HEADER_LIMIT:
        return ""
    if scheme.lower() in ("bearer", "token"):
        return rest
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(rest, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""
