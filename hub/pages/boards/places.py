"""Where an entry stands: its places on leaderboards, for its specimen label."""

from typing import Any

from django.db.models import F, Max, OuterRef, Subquery
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from hub.benchmarks.selectors import by_name, versions_visible
from hub.evals.models import Standing
from hub.pages.boards.board import rank_words
from hub.pages.entry import Opened

MOST_SHOWN = 3


def places_of(opened: Opened, *, user: Any) -> SafeString | None:
    """`2–3 on digits`, each with a link that marks the entry on its board; None without any. One question."""
    if opened.repo.visibility != "public":
        return None  # what is kept are places among public entries; the board itself counts the private ones too
    standings = Standing.objects.filter(
        evaluation__repo=opened.repo, evaluation__commit_oid=opened.commit.oid, evaluation__invalid=""
    )
    same = standings.filter(definition_digest=OuterRef("digest"))
    rows = (
        by_name(versions_visible(user))
        .filter(digest__in=standings.values("definition_digest"), retired="")
        .annotate(newest=Max("benchmark__versions__number"), low=Subquery(same.values("rank_low")[:1]), high=Subquery(same.values("rank_high")[:1]))
        .filter(number=F("newest"))
        .values_list("digest", "low", "high", "benchmark__name")
    )  # fmt: skip
    # under the name that each definition is called by, the best places first
    called = {digest: (low, high, name) for digest, low, high, name in reversed(list(rows))}
    shown = [
        (rank_words((low, high)), f"{reverse('leaderboard', args=[name])}?from={opened.repo.full_name}", name)
        for low, high, name in sorted(called.values(), key=lambda place: (place[0], place[2]))[:MOST_SHOWN]
    ]
    return format_html_join(", ", '{} on <a href="{}">{}</a>', shown) if shown else None
