"""Git LFS, multipart transfer: where the parts go, the parts themselves, and the end of an upload (hf clients and our own pages)."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.accounts.models import User
from hub.blobs.drivers import CHUNK_BYTES
from hub.blobs.models import Upload
from hub.blobs.selectors import blob_get, has_sent
from hub.blobs.uploads import (
    part_count,
    upload_complete,
    upload_part,
    upload_part_url,
    upload_parts,
    upload_start,
)
from hub.catalog.models import Repo
from hub.core.errors import Invalid, NotFound
from hub.hfapi.bodies import content_length, json_body
from hub.hfapi.endpoint import endpoint
from hub.hfapi.grants import LIFE_S, Grant, done_href, grant_read, part_href
from hub.hfapi.places import upload_place

MEDIA_TYPE = "application/vnd.git-lfs+json"
MULTIPART_BYTES = 32 * 2**20  # below this, one request is quicker than three


def multipart_action(repo: Repo, user: User, oid: str, size: int, *, through_hub: bool) -> dict[str, Any]:
    """`header` is what hf clients read: the size of a part and an address for each. `parts` says what is here from an earlier try,
    so that a page need not send it again.

    A bucket takes parts itself. Pages send them to the hub all the same (`through_hub`), so that a bucket needs no CORS rules.
    """
    upload = upload_start(user=user, namespace=repo.namespace, sha256=oid, size=size)
    addresses = {
        f"{number:05d}": (None if through_hub else upload_part_url(upload, number, LIFE_S))
        or part_href(repo, upload, number)
        for number in range(1, part_count(upload) + 1)
    }
    here = [{"partNumber": part.number, "etag": part.etag} for part in upload_parts(upload)]
    header = {"chunk_size": str(upload.part_bytes), **addresses}
    return {"href": done_href(repo, upload), "header": header, "parts": here}


@endpoint("PUT", limited="none")
def part(request: HttpRequest, ns: str, name: str, oid: str, number: str, kind: str = "models") -> HttpResponse:
    grant = grant_read(request.GET.get("grant", ""), verb="PART", oid=oid)
    if grant.number != int(number):
        raise NotFound()
    _, upload = _upload_of(grant)
    if upload is None:
        raise NotFound("This upload is over, or was given up after a week. Start it again.")
    length = content_length(request)
    with upload_place():
        etag = upload_part(
            upload=upload, number=grant.number, chunks=iter(lambda: request.read(CHUNK_BYTES), b""), size=length
        )
    response = HttpResponse()
    response["ETag"] = f'"{etag}"'
    return response


@endpoint("POST", limited="none")
def complete(request: HttpRequest, ns: str, name: str, oid: str, kind: str = "models") -> HttpResponse:
    """Said twice, the second answer is the first: a lost answer makes clients repeat it."""
    grant = grant_read(request.GET.get("grant", ""), verb="DONE", oid=oid)
    document = json_body(request)
    if document.get("oid", oid) != oid:
        raise Invalid("The address is for another object.")
    user, upload = _upload_of(grant)
    if upload is None:
        blob = blob_get(oid)
        if blob is None or not has_sent(user, blob):
            raise NotFound("This upload is over, or was given up after a week. Start it again.")
        return JsonResponse({}, content_type=MEDIA_TYPE)
    etags = _etags(document.get("parts"))
    with upload_place():
        upload_complete(upload=upload, etags=etags)
    return JsonResponse({}, content_type=MEDIA_TYPE)


def _upload_of(grant: Grant) -> tuple[User, Upload | None]:
    """SECURITY: the right is in the address. A user who was switched off or lost the repo meanwhile sends nothing more."""
    user = User.objects.filter(pk=grant.user, is_active=True).first()
    if user is None or not Repo.objects.visible_to(user, "write").filter(pk=grant.repo).exists():
        raise NotFound()
    return user, Upload.objects.filter(pk=grant.upload, user=user, sha256=grant.oid).select_related("user").first()


def _etags(parts: Any) -> list[str] | None:
    """None: whatever is here. Clients number the parts from 1, in any order."""
    if parts is None:
        return None
    if not isinstance(parts, list) or len(parts) > 10_000:
        raise Invalid("parts is not a list of at most 10 000 parts.")
    found: dict[int, str] = {}
    for entry in parts:
        number, etag = (entry.get("partNumber"), entry.get("etag")) if isinstance(entry, dict) else (None, None)
        if type(number) is not int or not isinstance(etag, str) or not 0 < len(etag) <= 200:
            raise Invalid("A part is named by its partNumber and its etag.")
        found[number] = etag
    if sorted(found) != list(range(1, len(parts) + 1)):
        raise Invalid("The parts are not numbered from 1 without gaps.")
    return [found[number] for number in sorted(found)]
