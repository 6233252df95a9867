"""Making an account, and accepting an invitation.

SECURITY: the code of an invitation stands behind the # of its link: browsers send that to nobody, so it is in no log. The page's
script puts it into the form; without scripts it is pasted.
"""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from hub.accounts.invitations import invitation_accept
from hub.accounts.joining import sign_up
from hub.accounts.rates import ACCEPT, SIGN_UP
from hub.core.errors import ApplicationError, Invalid
from hub.core.ratelimit import address_of, limit_check

BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@sensitive_post_parameters("password", "again", "code")
@require_http_methods(["GET", "POST"])
def new_account(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("join")
    if request.method == "GET":
        return _sign_up_page(request)
    limit_check(SIGN_UP, address_of(request))
    given = request.POST
    try:
        if given.get("password", "") != given.get("again", ""):
            raise Invalid("The two passwords differ.")
        user = sign_up(
            name=given.get("name", "").strip(), password=given.get("password", ""), email=given.get("email", "").strip(),
            secret=given.get("code", "").strip() or None,
        )  # fmt: skip
    except ApplicationError as error:
        return _sign_up_page(request, error)
    login(request, user, backend=BACKEND)
    messages.success(request, f"Welcome, {user.username}.")
    return redirect("home")


def _sign_up_page(request: HttpRequest, error: ApplicationError | None = None) -> HttpResponse:
    context = {"mode": settings.SIGN_UP, "given": request.POST, "error": error}
    return render(request, "account/sign_up.html", context, status=error.status if error else 200)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Where the link of an invitation leads. Who has no account makes one first, with the same code."""
    if request.method == "GET" or not request.user.is_authenticated:
        return render(request, "account/join.html", {"given": {}})
    limit_check(ACCEPT, f"u{request.user.pk}")
    try:
        member = invitation_accept(secret=request.POST.get("code", "").strip() or "-", user=request.user)
    except ApplicationError as error:
        return render(request, "account/join.html", {"given": {}, "error": error}, status=error.status)
    messages.success(request, f"You are {member.role} of {member.namespace.name} now.")
    return redirect("organisation-members", name=member.namespace.name)
