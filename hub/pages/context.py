"""What every page needs: navigation, theme, and the numbers of header and status line."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from hub.pages.status import status_line
from hub.pages.theme import THEMES, theme_of
from workers.contracts.version import VERSION

SCRIPTS = ("js/theme.js", "js/copy.js", "js/bind.js", "js/focus.js")
NAVIGATION = (
    ("models", "Models", ("/models",)),
    ("make", "Make", ("/make",)),
    ("jobs", "Jobs", ("/jobs",)),
    ("datasets", "Datasets", ("/datasets",)),
    ("docs", "Docs", ("/docs",)),
)


@dataclass
class NavItem:
    word: str
    url: str
    is_here: bool
    count: int = 0


def _running_count(user) -> int:
    if not getattr(user, "is_authenticated", False):
        return 0
    from hub.jobs.selectors import running_count

    return running_count(user)


def _unread(user) -> int:
    if not getattr(user, "is_authenticated", False):
        return 0
    return user.notices.filter(read_at=None).count()


def _navigation(request) -> list[NavItem]:
    path = request.path
    return [
        NavItem(
            word,
            reverse(name),
            any(path == prefix or path.startswith(prefix + "/") for prefix in prefixes),
            _running_count(request.user) if name == "jobs" else 0,
        )
        for name, word, prefixes in NAVIGATION
    ]


def _chrome(request) -> dict:
    return {
        "nav": _navigation(request),
        "theme": theme_of(request),
        "themes": THEMES,
        "status": status_line(),
        "unread": _unread(request.user),
        "version": VERSION,
        "scripts": SCRIPTS,
        "is_debug": settings.DEBUG,
    }


def chrome(request) -> dict:
    """Lazy: fragments that show neither header nor status line ask the database nothing."""
    return {"chrome": SimpleLazyObject(lambda: _chrome(request))}
