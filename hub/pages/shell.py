"""What every page view shares: errors in house style, redirects that stay on this hub, the sign-in wall."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from hub.core.errors import ApplicationError, Invalid, Unauthenticated

View = Callable[..., HttpResponse]


def error_page(request: HttpRequest, error: ApplicationError) -> HttpResponse:
    context = {"status": error.status, "heading": error.title, "detail": error.message, "findings": error.findings}
    return render(request, "error.html", context, status=error.status)


def page(view: View) -> View:
    """Turns our errors into pages. Who is not signed in and would have to be is sent to sign in and comes back."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            # the database cannot hold it, so nothing has it in its name: said once here instead of in every view
            if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
                raise Invalid("The address holds the character NUL.")
            return view(request, *args, **kwargs)
        except Unauthenticated:
            back = request.get_full_path() if request.method == "GET" else request.META.get("HTTP_REFERER", "/")
            return redirect(f"{reverse('login')}?{urlencode({'next': local_url(request, back)})}")
        except ApplicationError as error:
            return error_page(request, error)

    return wrapped


def signed_in(view: View) -> View:
    @wraps(view)
    def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.is_authenticated:
            raise Unauthenticated("Sign in first.")
        return view(request, *args, **kwargs)

    return wrapped


def local_url(request: HttpRequest, url: str, default: str = "/") -> str:
    """SECURITY: only addresses of this hub, so that no link sends people elsewhere after signing in."""
    if url and url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return url
    return default
