"""What this hub does not offer says so at once, with a status that no client repeats."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from hub.catalog.errors import RepoMissing
from hub.core.errors import NotFound
from hub.hfapi.endpoint import endpoint, repo_of
from hub.hfapi.errors import NotOffered

ANY = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@endpoint(*ANY)
def not_offered(request: HttpRequest, **_: str) -> HttpResponse:
    raise NotOffered("This hub does not offer that part of the Hugging Face API.")


@endpoint(*ANY)
def discussions(request: HttpRequest, kind: str, ns: str, name: str, **_: str) -> HttpResponse:
    repo_of(request, kind, ns, name)
    raise NotOffered("This hub has no discussions and no pull requests. Commit to a branch instead.")


@endpoint("GET")
def no_spaces(request: HttpRequest) -> HttpResponse:
    return JsonResponse([], safe=False)


@endpoint(*ANY)
def space(request: HttpRequest, **_: str) -> HttpResponse:
    raise RepoMissing()


@endpoint(*ANY)
def unknown(request: HttpRequest, **_: str) -> HttpResponse:
    raise NotFound("There is no such address in this API.")
