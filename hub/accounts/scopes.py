"""What each scope of a token includes."""

from hub.accounts.models import AccessToken

INCLUDES: dict[str, frozenset[str]] = {
    "read": frozenset({"read"}),
    "submit": frozenset({"submit", "read"}),
    "write": frozenset({"write", "read"}),
    "admin": frozenset({"admin", "write", "submit", "read"}),
}


def has_scope(token: AccessToken, needed: str) -> bool:
    return any(needed in INCLUDES.get(held, ()) for held in token.scopes)
