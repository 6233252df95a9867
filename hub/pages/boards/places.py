"""Where an entry stands: its places on leaderboards, for its specimen label."""

from typing import Any

from django.db.models import F, Max, OuterRef, Subquery
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from hub.benchmarks.selectors import versions_visible
from hub.evals.models import Standing
from hub.pages.boards.board import rank_words
from hub.pages.entry import Opened

MOST_SHOWN = 3


def places_of(opened: Opened, *, user: Any) -> SafeString | None:
    """`2–3 on digits`, each with a link that marks the entry on its board; None without any. One question."""
    standings = Standing.objects.filter(
        evaluation__repo=opened.repo, evaluation__commit_oid=opened.commit.oid, evaluation__invalid=""
    )
    same = standings.filter(definition_digest=OuterRef("digest"))
    rows = (
        versions_visible(user)
        .filter(digest__in=standings.values("definition_digest"), retired="")
        .annotate(newest=Max("benchmark__versions__number"), low=Subquery(same.values("rank_low")[:1]), high=Subquery(same.values("rank_high")[:1]))
        .filter(number=F("newest"))
        .order_by("low", "benchmark__name")
        .values_list("low", "high", "benchmark__name")[:MOST_SHOWN]
    )  # fmt: skip
    shown = [
        (rank_words((low, high)), f"{reverse('leaderboard', args=[name])}?from={opened.repo.full_name}", name)
        for low, high, name in rows
    ]
    return format_html_join(", ", '{} on <a href="{}">{}</a>', shown) if shown else None
