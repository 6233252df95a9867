"""The first page: the claim, the search, and the proof."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.catalog.selectors import hub_counts
from hub.jobs.selectors import workers_seen
from hub.pages.recent import recent_results, running_now
from hub.pages.showcase import showcase
from hub.pages.status import backup_at
from hub.pages.words import ARTIFACT_WORDS

_HELD = ("model", "adapter", "task_vector", "learngene", "family", "composition", "pack", "learnware", "dataset")


def _missing() -> list[dict[str, str]]:
    """What an administrator should know is not there. Honest, with the way to set it up."""
    alive = [seen.worker for seen in workers_seen() if seen.is_alive]
    rows = []
    if not alive:
        rows.append(
            {"icon": "alert", "state": "warn", "text": "No worker has reported for a minute. Jobs wait until one does."}
        )
    if not any(worker.device not in ("", "cpu") for worker in alive):
        rows.append(
            {
                "icon": "alert",
                "state": "warn",
                "text": f"No GPU. Jobs run on CPU, {settings.WORKER_THREADS} {'thread' if settings.WORKER_THREADS == 1 else 'threads'} each.",
            }
        )
    if not settings.HAS_MAIL:
        rows.append(
            {
                "icon": "alert",
                "state": "warn",
                "text": "No mail server. Notices appear here only; set EMAIL_URL to send them.",
            }
        )
    if backup_at() is None:
        rows.append({"icon": "alert", "state": "warn", "text": "No backup has been made yet."})
    return rows or [{"icon": "check", "state": "ok", "text": "Nothing: workers, GPU, mail and a backup are there."}]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    counts = hub_counts(request.user)
    context = {
        "held": [(name, ARTIFACT_WORDS[name][1], counts.get(name, 0)) for name in _HELD],
        "showcase": showcase(request.user),
        "running": running_now(request.user),
        "recent": recent_results(request.user),
        "missing": _missing(),
        "commands": "genepool check recipe.yaml\ngenepool submit recipe.yaml --watch",
        "site_url": settings.SITE_URL,
        "hide_search": True,
        "page_search": True,
    }
    return render(request, "pages/home.html", context)
