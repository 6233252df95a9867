"""Tokens of other hubs at rest: encrypted with a key that is derived from SECRET_KEY, which the database does not hold."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from hub.core.errors import Conflict

_PURPOSE = b"genepool.imports.token:"


def _box() -> MultiFernet:
    """Sealed with the present key; an earlier one still opens while it is changed."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(_PURPOSE + key.encode()).digest())) for key in keys]
    )


def token_seal(token: str) -> str:
    return _box().encrypt(token.encode()).decode() if token else ""


def token_unseal(sealed: str) -> str:
    try:
        return _box().decrypt(sealed.encode()).decode() if sealed else ""
    except InvalidToken:
        raise Conflict(
            "The token of this import was sealed with another SECRET_KEY. Start the import again with its token."
        ) from None
