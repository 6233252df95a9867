"""What every page needs: navigation, theme, and the numbers of header and status line."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from hub.accounts.models import User
from hub.jobs.models import Job, Notice
from hub.jobs.states import ACTIVE
from hub.pages.status import status_line
from hub.pages.theme import THEMES, theme_of
from workers.contracts.version import VERSION

SCRIPTS = ("js/theme.js", "js/copy.js", "js/bind.js", "js/focus.js")
NAVIGATION = (
    ("models", "Models", ("/models", "/compare")),
    ("make", "Make", ("/make",)),
    ("jobs", "Jobs", ("/jobs",)),
    ("leaderboards", "Leaderboards", ("/leaderboards", "/benchmarks")),
    ("datasets", "Datasets", ("/datasets",)),
    ("docs", "Docs", ("/docs",)),
)


@dataclass
class NavItem:
    word: str
    url: str
    is_here: bool
    count: int = 0


def _counts(user) -> tuple[int, int]:
    """Running jobs and unread notices, in one question."""
    if not getattr(user, "is_authenticated", False):
        return 0, 0
    unread = (
        Notice.objects.filter(user=user, read_at=None)
        .order_by()
        .values("user")
        .annotate(count=Count("pk"))
        .values("count")
    )
    running = (
        Job.objects.filter(owner=user, state__in=ACTIVE)
        .order_by()
        .values("owner")
        .annotate(count=Count("pk"))
        .values("count")
    )
    row = (
        User.objects.filter(pk=user.pk)
        .values_list(Coalesce(Subquery(running), 0), Coalesce(Subquery(unread), 0))
        .first()
    )
    return row or (0, 0)


def _navigation(request, running: int) -> list[NavItem]:
    path = request.path
    return [
        NavItem(
            word,
            reverse(name),
            any(path == prefix or path.startswith(prefix + "/") for prefix in prefixes),
            running if name == "jobs" else 0,
        )
        for name, word, prefixes in NAVIGATION
    ]


def _chrome(request) -> dict:
    running, unread = _counts(request.user)
    return {
        "nav": _navigation(request, running),
        "theme": theme_of(request),
        "themes": THEMES,
        "status": status_line(),
        "unread": unread,
        "version": VERSION,
        "scripts": SCRIPTS,
        "is_debug": settings.DEBUG,
    }


def chrome(request) -> dict:
    """Lazy: fragments that show neither header nor status line ask the database nothing."""
    return {"chrome": SimpleLazyObject(lambda: _chrome(request))}
