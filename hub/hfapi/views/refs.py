"""Making and removing branches and tags."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.catalog.services import branch_create, branch_delete, tag_create, tag_delete
from hub.hfapi.bodies import json_body, text_field
from hub.hfapi.endpoint import endpoint, repo_of


@endpoint("POST", "DELETE", scope="write")
def branch(request: HttpRequest, kind: str, ns: str, name: str, branch: str) -> HttpResponse:
    repo = repo_of(request, kind, ns, name, "write")
    if request.method == "DELETE":
        branch_delete(repo=repo, name=branch)
        return HttpResponse()
    start = text_field(json_body(request), "startingPoint", default="", limit=300)
    ref = branch_create(repo=repo, name=branch, start=start or None)
    return JsonResponse({"name": ref.name, "ref": f"refs/heads/{ref.name}", "targetCommit": ref.commit.oid}, status=201)


@endpoint("POST", "DELETE", scope="write")
def tag(request: HttpRequest, kind: str, ns: str, name: str, revision: str) -> HttpResponse:
    """POST names the revision in the address and the tag in the body; DELETE names the tag in the address."""
    repo = repo_of(request, kind, ns, name, "write")
    if request.method == "DELETE":
        tag_delete(repo=repo, name=revision)
        return HttpResponse()
    ref = tag_create(repo=repo, name=text_field(json_body(request), "tag", limit=300), revision=revision)
    return JsonResponse({"name": ref.name, "ref": f"refs/tags/{ref.name}", "targetCommit": ref.commit.oid}, status=201)
