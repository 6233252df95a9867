"""What this hub does not offer says so at once, with a status that no client repeats."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.catalog.errors import RepoMissing
from hub.core.errors import NotFound
from hub.hfapi.endpoint import endpoint, repo_of
from hub.hfapi.errors import NotOffered, error_response

ANY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
XET_HELP = "This hub takes uploads as LFS, not as Xet. Set HF_HUB_DISABLE_XET=1 in the environment of the client and send it again."


@endpoint(*ANY)
def not_offered(request: HttpRequest, **_: str) -> HttpResponse:
    raise NotOffered("This hub does not offer that part of the Hugging Face API.")


@endpoint(*ANY)
def discussions(request: HttpRequest, kind: str, ns: str, name: str, **_: str) -> HttpResponse:
    repo_of(request, kind, ns, name)
    raise NotOffered("This hub has no discussions and no pull requests. Commit to a branch instead.")


@endpoint("GET", scope="write")
def xet_token(request: HttpRequest, kind: str, ns: str, name: str, **_: str) -> HttpResponse:
    repo_of(request, kind, ns, name, "write")
    # 404 ends the upload of the client at once; another status would be repeated
    error = NotOffered(XET_HELP)
    response = error_response(error, request)
    response.status_code = 404
    return response


@endpoint("GET")
def no_spaces(request: HttpRequest) -> HttpResponse:
    return JsonResponse([], safe=False)


@endpoint(*ANY)
def space(request: HttpRequest, **_: str) -> HttpResponse:
    raise RepoMissing()


@endpoint(*ANY)
def unknown(request: HttpRequest, **_: str) -> HttpResponse:
    raise NotFound("There is no such address in this API.")
