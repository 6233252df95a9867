"""`python -m hub.bench.listing`: GET /api/v1/models, fifty rows, against a plain DRF ModelSerializer over the same columns.

Three ways of ours: kept (the catalogue has not changed since somebody asked the same), a new page of a search whose counts are
known, and everything made afresh. Ours also counts facets and matches; the plain one only lists. In one process, without a
network; each figure is the median over interleaved rounds.
"""

import json
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from hub.bench.figures import interleaved, keep, median, parser_make
from hub.bench.in_process import hub_in_process


def main() -> int:
    parser = parser_make("listing", __doc__)
    parser.add_argument("--repos", type=int, default=2000, help="entries in the catalogue (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=200, help="measured rounds (default: %(default)s)")
    options = parser.parse_args()
    with hub_in_process(options.data_dir):
        rows = _measure(options.repos, options.rounds)
    keep(options.data_dir, "listing", rows, repos=options.repos, rounds=options.rounds)
    for row in rows:
        print(
            f"{row['name']:24}{row['seconds'] * 1000:>8.2f} ms{row['times_plain']:>8.2f} × plain DRF in requests per second"
        )
    return 0


def _measure(repos: int, rounds: int) -> list[dict[str, Any]]:
    from django.core.cache import cache
    from django.core.management import call_command
    from django.test import Client

    call_command("migrate", interactive=False, verbosity=0)
    _fill(repos)
    client = Client(headers={"host": "127.0.0.1"})

    def kept() -> None:
        assert client.get("/api/v1/models").status_code == 200  # noqa: S101 a benchmark of errors is none

    pages = iter(list(islice(_cursors(client), rounds + 1)))

    def afresh() -> None:
        cache.clear()
        kept()

    def next_page() -> None:
        assert client.get(f"/api/v1/models?cursor={next(pages)}").status_code == 200  # noqa: S101

    plain = _plain(client)
    cases: dict[str, Callable[[], object]] = {
        "plain DRF": plain,
        "kept": kept,
        "next page": next_page,
        "afresh": afresh,
    }
    seconds = interleaved(cases, rounds)
    base = median(seconds["plain DRF"])
    return [
        {"name": name, "seconds": median(taken), "times_plain": base / median(taken), "seconds_all": taken}
        for name, taken in seconds.items()
    ]


def _cursors(client: Any) -> Iterator[str]:
    """Addresses of pages that nobody has asked for in these words: to the end, then from the start with another number of rows."""
    for limit in range(50, 40, -1):
        cursor = ""
        while True:
            body = json.loads(client.get(f"/api/v1/models?limit={limit}&cursor={cursor}").content)
            cursor = body["next"]
            if cursor is None:
                break
            yield f"{cursor}&limit={limit}&sort="


def _plain(client: Any) -> Callable[[], object]:
    """What one writes first: a ModelSerializer over the same columns, a list view, the same pagination by limit."""
    from rest_framework import generics, serializers
    from rest_framework.permissions import AllowAny

    from hub.catalog.api.representation import _COLUMNS
    from hub.catalog.models import Repo

    class RepoSerializer(serializers.ModelSerializer):
        class Meta:
            model = Repo
            fields = ["id", "full_name", "head", *_COLUMNS]

    class RepoList(generics.ListAPIView):
        serializer_class = RepoSerializer
        permission_classes = [AllowAny]

        def get_queryset(self) -> Any:
            return Repo.objects.filter(type="model", visibility="public").order_by("-updated_at", "id")[:50]

    from django.urls import path

    import hub.config.urls

    # Through the same middleware as ours, or the comparison would be of something else.
    hub.config.urls.urlpatterns.insert(0, path("plain-list", RepoList.as_view()))

    def ask() -> None:
        assert client.get("/plain-list").status_code == 200  # noqa: S101

    return ask


def _fill(count: int) -> None:
    from hub.accounts.services import user_create
    from hub.catalog.models import Repo

    user = user_create(name="bench", password=None)
    Repo.objects.bulk_create(
        Repo(
            type="model", namespace=user.namespace, name=f"m{number}", visibility="public", full_name=f"bench/m{number}", head="a" * 40,
            artifact="model", architecture=f"Arch{number % 12}", task=f"task-{number % 9}", library="transformers", licence="apache-2.0",
            languages=["en"], tags=["one", "two"], bases=[f"x/y{number % 5}"], parameters=number * 1000, dtype="F32", created_by=user,
            size_bytes=number * 4000, summary="A model of the benchmark.",
        )
        for number in range(count)
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
