"""Reading what came, by the byte: nothing larger than a cap is ever held, whatever the client said about its length."""

import json
from typing import Any
from urllib.parse import parse_qs

from django.http import HttpRequest

from hub.core.errors import Invalid, LengthRequired, TooLarge
from hub.core.parsers import is_storable_text

JSON_BYTES = 8 * 2**20


def content_length(request: HttpRequest) -> int:
    """A chunked body would read as empty under WSGI, so a length has to be said."""
    text = request.META.get("CONTENT_LENGTH") or ""
    if not text.isdigit() or request.META.get("HTTP_TRANSFER_ENCODING"):
        raise LengthRequired("Send the body with a Content-Length.")
    return int(text)


def body_read(request: HttpRequest, limit: int = JSON_BYTES) -> bytes:
    if request.META.get("HTTP_TRANSFER_ENCODING"):
        raise LengthRequired("Send the body with a Content-Length.")
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > limit:
        raise TooLarge(f"The body has {length} bytes; at most {limit} are read here.")
    content = request.read(length) if length else b""
    if len(content) != length:
        raise Invalid(f"{len(content)} of {length} bytes of the body came.")
    return content


def json_body(request: HttpRequest, limit: int = JSON_BYTES) -> dict[str, Any]:
    try:
        document = json.loads(body_read(request, limit) or b"{}")
    except (ValueError, RecursionError):
        raise Invalid("The body is not JSON.") from None
    if not isinstance(document, dict):
        raise Invalid("The body is not a JSON object.")
    return document


def form_or_json(request: HttpRequest) -> dict[str, list[str]]:
    """Form-urlencoded or JSON, both as name → list of texts."""
    if request.content_type == "application/json":
        document = json_body(request)
        return {
            name: [_storable(str(item)) for item in (value if isinstance(value, list) else [value])]
            for name, value in document.items()
        }
    try:
        return parse_qs(body_read(request).decode(), keep_blank_values=True, max_num_fields=100_000)
    except ValueError:
        raise Invalid("The form cannot be read.") from None


def _storable(text: str) -> str:
    if not is_storable_text(text):
        raise Invalid("The body holds NUL or half a character (a lone surrogate).")
    return text


def text_field(document: dict[str, Any], name: str, default: str | None = None, limit: int = 65_536) -> str:
    value = document.get(name)
    if value is None:
        if default is None:
            raise Invalid(f"{name} is missing.")
        return default
    if not isinstance(value, str) or len(value) > limit or not is_storable_text(value):
        raise Invalid(f"{name} is not a text of at most {limit} characters.")
    return value


def flag(text: Any) -> bool:
    """2.x writes true, 0.x writes True."""
    return str(text).lower() in ("true", "1")
