"""Git LFS: batch, bytes in one request, verify. Parts are in `parts`."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from hub.accounts.models import User
from hub.blobs.drivers import CHUNK_BYTES
from hub.blobs.drivers.base import SHA256
from hub.blobs.models import Blob
from hub.blobs.services import blob_put
from hub.catalog.models import Repo
from hub.catalog.quotas import QuotaExceeded, quota_reserve
from hub.catalog.selectors import blob_is_readable, blob_usable_by
from hub.core.errors import Invalid, NotFound, TooLarge
from hub.core.ratelimit import UPLOAD, session_check
from hub.hfapi.bodies import content_length, json_body, text_field
from hub.hfapi.endpoint import asker_of, endpoint, repo_of, user_of
from hub.hfapi.grants import grant_read, lfs_href
from hub.hfapi.places import upload_place
from hub.hfapi.serving import blob_response
from hub.hfapi.views.parts import MEDIA_TYPE, MULTIPART_BYTES, multipart_action
from hub.hfapi.wire import repo_url

OBJECTS_MAX = 1000


@endpoint("POST")
def batch(request: HttpRequest, ns: str, name: str, kind: str = "models") -> HttpResponse:
    document = json_body(request)
    operation = text_field(document, "operation", limit=20)
    if operation not in ("upload", "download"):
        raise Invalid(f"{operation!r} is not an operation. Choose upload or download.")
    repo = repo_of(request, kind, ns, name, "write" if operation == "upload" else "read")
    if operation == "upload":
        session_check(UPLOAD, f"u{user_of(request).pk}", str(repo.pk))
    if document.get("hash_algo", "sha256") != "sha256":
        raise Invalid("Objects are named by their sha256.")
    objects = document.get("objects")
    if not isinstance(objects, list) or len(objects) > OBJECTS_MAX:
        raise Invalid(f"objects is not a list of at most {OBJECTS_MAX} objects.")
    if operation == "download":
        return _answered("basic", [_download(request, repo, entry) for entry in objects])
    named = [_object(entry) for entry in objects]
    refusal = _no_room(repo, named)
    with_parts = isinstance(transfers := document.get("transfers"), list) and "multipart" in transfers
    answer = [refusal(oid, size) if refusal else _upload(request, repo, oid, size, with_parts) for oid, size in named]
    is_multipart = any("header" in entry.get("actions", {}).get("upload", {}) for entry in answer)
    return _answered("multipart" if is_multipart else "basic", answer)


def _answered(transfer: str, objects: list[dict[str, Any]]) -> HttpResponse:
    return JsonResponse({"transfer": transfer, "objects": objects, "hash_algo": "sha256"}, content_type=MEDIA_TYPE)


@endpoint("PUT", "GET", "HEAD", limited="none")
def bytes_of(request: HttpRequest, ns: str, name: str, oid: str, kind: str = "models") -> HttpResponseBase:
    """The right is in the address. It is looked at again: a user who was switched off or lost the repo meanwhile gets nothing."""
    verb = "PUT" if request.method == "PUT" else "GET"
    grant = grant_read(request.GET.get("grant", ""), verb=verb, oid=oid)
    user = User.objects.filter(pk=grant.user, is_active=True).first()
    repo = Repo.objects.visible_to(user, "write" if verb == "PUT" else "read").filter(pk=grant.repo).first()
    if repo is None:
        raise NotFound()
    if verb == "GET":
        blob = Blob.objects.filter(pk=oid).first()
        # SECURITY: the bytes may have been readable through another repo than the one in the address
        if blob is None or not blob_is_readable(user or AnonymousUser(), blob):
            raise NotFound()
        return blob_response(request, blob, name=oid)
    if user is None:
        raise NotFound()
    length = content_length(request)
    if length != grant.size_bytes:
        raise Invalid(f"{length} bytes are to come, {grant.size_bytes} were announced.")
    with upload_place():
        blob_put(chunks=iter(lambda: request.read(CHUNK_BYTES), b""), user=user, sha256=oid, size=length)
    return HttpResponse(status=200)


@endpoint("POST", scope="write", limited="anonymous")
def verify(request: HttpRequest, ns: str, name: str, kind: str = "models") -> HttpResponse:
    repo_of(request, kind, ns, name, "write")
    oid, size = _object(json_body(request))
    blob = blob_usable_by(user_of(request), oid)
    if blob is None or blob.size_bytes != size:
        raise NotFound("This object did not arrive, or with another size. Send it again.")
    return JsonResponse({}, content_type=MEDIA_TYPE)


def _no_room(repo: Repo, named: list[tuple[str, int]]) -> Callable[[str, int], dict[str, Any]] | None:
    """Room for all of them is kept, or for none. SECURITY: what this namespace stores counts alone, so the answer tells nothing of others."""
    fitting = [(oid, size) for oid, size in named if size <= settings.MAX_UPLOAD_BYTES]
    try:
        quota_reserve(namespace=repo.namespace, files=fitting)
    except QuotaExceeded as error:
        code, message = error.status, error.message
        return lambda oid, size: {"oid": oid, "size": size, "error": {"code": code, "message": message}}
    return None


def _upload(request: HttpRequest, repo: Repo, oid: str, size: int, with_parts: bool) -> dict[str, Any]:
    if size > settings.MAX_UPLOAD_BYTES:
        error = TooLarge(f"{size} bytes; a file has at most {settings.MAX_UPLOAD_BYTES} here.")
        return {"oid": oid, "size": size, "error": {"code": error.status, "message": error.message}}
    user = user_of(request)
    blob = blob_usable_by(user, oid)
    if blob is not None and blob.size_bytes == size:
        return {"oid": oid, "size": size}
    if with_parts and size > MULTIPART_BYTES:
        is_page = request.access_token is None  # type: ignore[attr-defined]
        action = multipart_action(repo, user, oid, size, through_hub=is_page)
    else:
        action = {"href": lfs_href(repo, verb="PUT", oid=oid, size_bytes=size, user=user.pk)}
    verify_href = f"{repo_url(repo)}.git/info/lfs/objects/verify"
    return {"oid": oid, "size": size, "actions": {"upload": action, "verify": {"href": verify_href}}}


def _download(request: HttpRequest, repo: Repo, entry: Any) -> dict[str, Any]:
    oid, size = _object(entry)
    asker = asker_of(request)
    blob = Blob.objects.filter(pk=oid, size_bytes=size).first()
    if blob is None or not blob_is_readable(asker, blob):
        return {
            "oid": oid,
            "size": size,
            "error": {"code": 404, "message": "There is no such object, or you may not see it."},
        }
    href = lfs_href(repo, verb="GET", oid=oid, size_bytes=size, user=asker.pk or 0)
    return {"oid": oid, "size": size, "actions": {"download": {"href": href}}}


def _object(entry: Any) -> tuple[str, int]:
    oid, size = (entry.get("oid"), entry.get("size")) if isinstance(entry, dict) else (None, None)
    if not isinstance(oid, str) or not SHA256.fullmatch(oid) or not isinstance(size, int) or size < 0:
        raise Invalid("An object is named by the 64 hex digits of its sha256 and its size.")
    return oid, size
