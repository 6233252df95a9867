"""`gateway`: what every address under /xet has in common. Errors are 4xx: a client repeats 5xx for minutes."""

from collections.abc import Callable, Iterator
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from hub.blobs.drivers import CHUNK_BYTES
from hub.core.errors import ApplicationError, Invalid, NotFound, TooLarge
from hub.hfapi.bodies import content_length
from hub.hfapi.errors import MethodNotAllowed, error_response
from hub.xet.rights import Right, right_read

XET_HELP = "This hub takes uploads as LFS, not as Xet. Set HF_HUB_DISABLE_XET=1 in the environment of the client and send it again."
View = Callable[..., HttpResponse]


def gateway(*methods: str) -> Callable[[View], View]:
    """The view gets the right that the request came with in place of its generation."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def run(request: HttpRequest, generation: str, **rest: str) -> HttpResponse:
            try:
                if not settings.XET_UPLOADS:
                    raise NotFound(XET_HELP)
                if request.method not in methods:
                    raise MethodNotAllowed(
                        f"{request.method} is not possible here.", headers={"Allow": ", ".join(methods)}
                    )
                return view(request, right_read(request, generation), **rest)
            except ApplicationError as error:
                return error_response(error, request)
            except UnreadablePostError:
                return error_response(Invalid("The connection ended before the whole body came."), request)

        return run

    return decorate


def body_pieces(request: HttpRequest, limit: int) -> Iterator[bytes]:
    """The body in pieces. Its length is looked at before the first is read; one that ends early is refused."""
    length = content_length(request)
    if length > limit:
        raise TooLarge(f"{length} bytes came; at most {limit} are taken at once.")
    return _pieces(request, length)


def _pieces(request: HttpRequest, length: int) -> Iterator[bytes]:
    received = 0
    while received < length:
        piece = request.read(min(CHUNK_BYTES, length - received))
        if not piece:
            raise Invalid(f"{received} of {length} bytes came.")
        received += len(piece)
        yield piece


__all__ = ["Right", "body_pieces", "gateway"]
