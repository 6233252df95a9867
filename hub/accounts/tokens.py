"""The form of an access token: `hub_`, 32 random bytes in base62, a checksum. Scanners can find leaks, we can refuse typos unread.

Nothing here touches the database.
"""

import hashlib
import hmac
import secrets
import zlib

from django.conf import settings

PREFIX = "hub_"
DISPLAY_LENGTH = 8
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BODY_LENGTH, _CHECKSUM_LENGTH = 43, 6


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, rest = divmod(number, 62)
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits))


def _checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECKSUM_LENGTH)


def token_generate() -> str:
    body = PREFIX + _base62(int.from_bytes(secrets.token_bytes(32), "big"), _BODY_LENGTH)
    return body + _checksum(body)


def is_well_formed(raw: str) -> bool:
    """True when prefix, length and checksum agree. No statement about whether the token was ever given out."""
    if len(raw) != len(PREFIX) + _BODY_LENGTH + _CHECKSUM_LENGTH or not raw.startswith(PREFIX) or not raw.isascii():
        return False
    return hmac.compare_digest(_checksum(raw[:-_CHECKSUM_LENGTH]), raw[-_CHECKSUM_LENGTH:])


def digest(raw: str, pepper: int) -> str:
    """HMAC-SHA256 under the numbered pepper. A slow hash would cost every request and a 256-bit secret gains nothing by it."""
    return hmac.new(settings.TOKEN_PEPPERS[pepper].encode(), raw.encode(), hashlib.sha256).hexdigest()


def current_pepper() -> int:
    return max(settings.TOKEN_PEPPERS)


def digests(raw: str) -> list[str]:
    """Under every pepper still known, so that tokens survive a change of pepper."""
    return [digest(raw, number) for number in settings.TOKEN_PEPPERS]
