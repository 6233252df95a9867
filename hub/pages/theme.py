"""System, light or dark: kept in a cookie and applied by the server, so that no page flashes."""

from django.http import HttpRequest, HttpResponse

COOKIE = "genepool_theme"
THEMES = (("system", "As the system"), ("light", "Light"), ("dark", "Dark"))
_NAMES = tuple(name for name, _ in THEMES)


def theme_of(request: HttpRequest) -> str:
    chosen = request.COOKIES.get(COOKIE, "")
    if chosen in _NAMES:
        return chosen
    user = getattr(request, "user", None)
    return user.theme if user is not None and user.is_authenticated else "system"


def theme_is_known(name: str) -> bool:
    return name in _NAMES


def theme_remember(response: HttpResponse, name: str, *, secure: bool) -> None:
    response.set_cookie(COOKIE, name, max_age=365 * 86400, samesite="Lax", secure=secure, httponly=True)
