"""The addresses of the gateway. Xet is for sending alone: files are read over plain HTTP."""

from threading import BoundedSemaphore

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from hub.core.errors import NotFound, TooMany
from hub.core.ratelimit import UPLOAD, session_check
from hub.hfapi.bodies import content_length
from hub.hfapi.endpoint import endpoint, repo_of, user_of
from hub.hfapi.errors import error_response
from hub.hfapi.wire import site_for
from hub.xet.assembling import file_assemble
from hub.xet.chunks import XORB_BYTES
from hub.xet.gate import XET_HELP, body_pieces, gateway
from hub.xet.generation import generation_of
from hub.xet.metering import files_reserve, xorb_check
from hub.xet.rights import Right, right_give
from hub.xet.shards import SHARD_BYTES, shard_read
from hub.xet.xorbs import xorb_store

# Serialised chunks and the footer after them, which says again where each begins.
XORB_BODY_BYTES = XORB_BYTES + 2**20
# Fewer than a process has threads: what takes its time must not keep the others from being answered.
_SENDING, _ASSEMBLING = BoundedSemaphore(5), BoundedSemaphore(3)


@endpoint("GET", scope="write")
def write_token(request: HttpRequest, kind: str, ns: str, name: str, **_: str) -> HttpResponse:
    """Said twice: the native library reads the body, the Python client the headers."""
    repo = repo_of(request, kind, ns, name, "write")
    if not settings.XET_UPLOADS:
        # 404 ends the upload of the client at once; another status would be repeated
        raise NotFound(XET_HELP)
    user = user_of(request)
    session_check(UPLOAD, f"u{user.pk}", str(repo.pk))
    generation = generation_of(user)
    token, ends_at = right_give(user=user, repo=repo, generation=generation)
    address = f"{site_for(request)}/xet/{generation}"
    response = JsonResponse({"accessToken": token, "exp": ends_at, "casUrl": address})
    response["X-Xet-Access-Token"] = token
    response["X-Xet-Token-Expiration"] = str(ends_at)
    response["X-Xet-Cas-Url"] = address
    response["Cache-Control"] = "no-store"
    return response


@endpoint("GET")
def read_token(request: HttpRequest, kind: str, ns: str, name: str, **_: str) -> HttpResponse:
    repo_of(request, kind, ns, name)
    raise NotFound("Files of this hub are read over plain HTTP, not through Xet.")


@gateway("POST")
def xorb(request: HttpRequest, right: Right, hash: str) -> HttpResponse:
    pieces = body_pieces(request, XORB_BODY_BYTES)
    xorb_check(right, content_length(request))
    if not _SENDING.acquire(blocking=False):
        raise TooMany("Too many uploads at once. The next place is free soon.", headers={"Retry-After": "1"})
    try:
        return JsonResponse({"was_inserted": xorb_store(user=right.user, hash=hash, pieces=pieces)})
    finally:
        _SENDING.release()


@gateway("POST")
def shard(request: HttpRequest, right: Right) -> HttpResponse:
    if not _ASSEMBLING.acquire(blocking=False):
        raise TooMany("Too many files are being put together. Ask again in a while.", headers={"Retry-After": "2"})
    try:
        files = shard_read(body_pieces(request, SHARD_BYTES))
        files_reserve(right, files)
        made = [file_assemble(user=right.user, file=file) for file in files]
    finally:
        _ASSEMBLING.release()
    return JsonResponse({"result": int(any(made))})


@csrf_exempt
def nothing(request: HttpRequest, **_: str) -> HttpResponse:
    """Looking for chunks of others, and sending past the hub: a client does without.

    SECURITY: the first would tell whether somebody has certain bytes.
    """
    return error_response(NotFound("There is no such address in this gateway."), request)
