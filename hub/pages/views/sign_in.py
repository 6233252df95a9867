"""Sign-in, sign-out, theme."""

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from hub.core.errors import Invalid
from hub.core.ratelimit import Limit, address_of, limit_check
from hub.pages.forms import SignInForm
from hub.pages.shell import local_url
from hub.pages.showcase import showcase
from hub.pages.theme import theme_is_known, theme_remember
from hub.pages.words import plural

LOGIN = Limit("login", 10, 60)  # per address, beside django-axes, which counts per name and address
_PAUSE_MINUTES = round(settings.AXES_COOLOFF_TIME * 60)


def _context(request: HttpRequest, form: SignInForm, refusal: str = "", hint: str = "") -> dict:
    return {
        "form": form,
        "refusal": refusal,
        "hint": hint,
        "next": request.POST.get("next", request.GET.get("next", "")),
        "showcase": showcase(request.user),
        "sign_up_mode": settings.SIGN_UP,
    }


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(local_url(request, request.GET.get("next", "")))
    form = SignInForm(request, data=request.POST or None)
    if request.method == "GET":
        return render(request, "account/login.html", _context(request, form))
    limit_check(LOGIN, address_of(request))
    if form.is_valid():
        login(request, form.get_user())
        if not form.cleaned_data["stay"]:
            request.session.set_expiry(0)
        return redirect(local_url(request, request.POST.get("next", "")))
    return render(
        request, "account/login.html", _context(request, form, _refusal(form), _tries_left(request)), status=422
    )


def _refusal(form: SignInForm) -> str:
    errors = form.non_field_errors()
    return errors[0] if errors else "Give your name and your password."


def _tries_left(request: HttpRequest) -> str:
    failures = AxesProxyHandler.get_failures(request, {"username": request.POST.get("username", "")})
    left = max(0, settings.AXES_FAILURE_LIMIT - failures)
    return f"{left} {plural(left, 'try', 'tries')} left before a pause of {_PAUSE_MINUTES} minutes."


def locked_out(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
    """django-axes asks for this page once there were too many tries."""
    form = SignInForm(request, data=request.POST or None)
    context = _context(request, form, "Too many tries.", f"Wait {_PAUSE_MINUTES} minutes, then sign in again.")
    return render(request, "account/login.html", context, status=429)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("home")


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    name = request.POST.get("theme", "")
    if not theme_is_known(name):
        raise Invalid(f"{name!r} is not a theme. Choose system, light or dark.")
    if request.user.is_authenticated and request.user.theme != name:
        request.user.theme = name
        request.user.save(update_fields=["theme"])
    response = redirect(local_url(request, request.POST.get("next", "")))
    theme_remember(response, name, secure=settings.IS_HTTPS)
    return response
