"""Bytes of a blob as an answer: whole, a range, headers only, or a word to the proxy that it may send the file itself."""

import mimetypes

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from hub.blobs.drivers import CHUNK_BYTES
from hub.blobs.drivers.base import disposition_of, key_of
from hub.blobs.errors import driver_errors
from hub.blobs.models import Blob
from hub.blobs.services import blob_read, driver
from hub.hfapi.ranges import range_parse

# A snapshot of many large files is looked at first and fetched later.
REDIRECT_S = 6 * 3600
# SECURITY: everything else is a download. What a browser would run (HTML, SVG, XML) has to stay a file, also when opened directly.
_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_TEXTS = frozenset({"text/plain", "text/markdown", "application/json", "text/csv"})


def blob_response(request: HttpRequest, blob: Blob, *, name: str, etag: str = "") -> HttpResponseBase:
    """`etag` is compared and sent in quotes; it follows from the content alone."""
    tag = f'"{etag or blob.sha256}"'
    if request.headers.get("If-None-Match") and _matches(request.headers["If-None-Match"], tag):
        return _dressed(HttpResponse(status=304), name, tag)
    with driver_errors():
        url = driver().presign_get(blob.sha256, filename=name, media_type=_type_of(name), expires_s=REDIRECT_S)
    if url is not None:
        return _redirect(url, tag, blob)
    asked = request.headers.get("Range", "") if request.headers.get("If-Range", tag) == tag else ""
    if settings.USE_X_ACCEL and driver().local_path(blob.sha256) is not None:
        response: HttpResponseBase = HttpResponse(content_type=_type_of(name))
        response["X-Accel-Redirect"] = f"/_blobs/{key_of(blob.sha256)}"  # the proxy does ranges and lengths
        return _dressed(response, name, tag)
    part = range_parse(asked, blob.size_bytes)
    start, end = part or (0, blob.size_bytes)
    response = _body(request, blob, start, end)
    response["Content-Length"] = str(end - start)
    if part is not None:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{end - 1}/{blob.size_bytes}"
    response["Content-Type"] = _type_of(name)
    return _dressed(response, name, tag)


def _redirect(url: str, tag: str, blob: Blob) -> HttpResponseBase:
    """To the store. Clients take size and tag from here, for the store knows neither our tag nor, on HEAD, this address.

    SECURITY: the address carries the right to the bytes for hours, so nobody may keep this answer.
    """
    response = HttpResponse(status=302)
    response["Location"] = url
    response["ETag"] = response["X-Linked-Etag"] = tag
    response["X-Linked-Size"] = str(blob.size_bytes)
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-store"
    return response


def bytes_response(content: bytes, *, name: str) -> HttpResponseBase:
    return _dressed(HttpResponse(content, content_type=_type_of(name)), name, "")


def _body(request: HttpRequest, blob: Blob, start: int, end: int) -> HttpResponseBase:
    if request.method == "HEAD":
        return HttpResponse()
    path = driver().local_path(blob.sha256)
    if path is not None and end - start == blob.size_bytes:
        response = FileResponse(path.open("rb"))  # the server sends it with sendfile where it can
        response.block_size = CHUNK_BYTES
        return response
    return StreamingHttpResponse(blob_read(blob=blob, start=start, end=end))


def _dressed(response: HttpResponseBase, name: str, tag: str) -> HttpResponseBase:
    if tag:
        response["ETag"] = tag
    response["Accept-Ranges"] = "bytes"
    response["Content-Disposition"] = disposition_of(name)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _type_of(name: str) -> str:
    guessed = mimetypes.guess_type(name)[0] or ("text/markdown" if name.endswith(".md") else "")
    if guessed in _IMAGES:
        return guessed
    return "text/plain; charset=utf-8" if guessed in _TEXTS else "application/octet-stream"


def _matches(header: str, tag: str) -> bool:
    return header.strip() == "*" or tag in (part.strip().removeprefix("W/") for part in header.split(","))
