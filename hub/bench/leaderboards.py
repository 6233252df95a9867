"""`python -m hub.bench.leaderboards`: 200 models × 5 benchmarks on leaderboards, as pages and over REST. Bar: p95 ≤ 200 ms.

Every fifth model is private and somebody signed in asks, so that rights are worked out too; nothing of an answer is kept
for the next. In one process, without a network; all ways in interleaved rounds, of which the first is thrown away.
"""

import statistics
import sys
from collections.abc import Callable
from typing import Any

from hub.bench.figures import interleaved, keep, median, parser_make
from hub.bench.in_process import hub_in_process

BAR_MS = 200


def main() -> int:
    parser = parser_make("leaderboards", __doc__)
    parser.add_argument("--models", type=int, default=200, help="entries on each board (default: %(default)s)")
    parser.add_argument("--benchmarks", type=int, default=5, help="boards (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=60, help="measured rounds (default: %(default)s)")
    options = parser.parse_args()
    with hub_in_process(options.data_dir):
        rows = _measure(options.models, options.benchmarks, options.rounds)
    keep(
        options.data_dir, "leaderboards", rows, models=options.models, benchmarks=options.benchmarks,
        rounds=options.rounds, bar_ms=BAR_MS,
    )  # fmt: skip
    for row in rows:
        print(
            f"{row['name']:24}median {row['median_ms']:>7.1f} ms   p95 {row['p95_ms']:>7.1f} ms   {row['queries']} queries"
        )
    return 0


def p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[94] if len(seconds) > 1 else seconds[0]


def _measure(models: int, benchmarks: int, rounds: int) -> list[dict[str, Any]]:
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    user = _fill(models, benchmarks)
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user)

    def ask(address: str) -> Callable[[], None]:
        def asked() -> None:
            assert client.get(address).status_code == 200  # noqa: S101 a benchmark of errors is none

        return asked

    addresses = {
        "boards, page": "/leaderboards",
        "board, page": "/leaderboards/bench-0",
        "board, REST": "/api/v1/leaderboards/bench-0",
        "board, filtered": "/api/v1/leaderboards/bench-1?params_max=100000&licence=apache-2.0&sort=flops",
        "board, CSV": "/api/v1/leaderboards/bench-0.csv",
        "boards, REST": "/api/v1/leaderboards",
    }
    questions = {}
    for name, address in addresses.items():
        ask(address)()
        with CaptureQueriesContext(connection) as captured:
            ask(address)()
        questions[name] = len(captured)
    seconds = interleaved({name: ask(address) for name, address in addresses.items()}, rounds)
    return [
        {"name": name, "median_ms": median(taken) * 1000, "p95_ms": p95(taken) * 1000, "queries": questions[name]}
        for name, taken in seconds.items()
    ]


def _fill(models: int, benchmarks: int) -> Any:
    """Rows as measurements leave them, without the files that nobody reads here."""
    from hub.accounts.services import user_create
    from hub.benchmarks.services import benchmark_create
    from hub.catalog.models import Commit, LineageEdge, Repo, Tree
    from hub.evals.models import Evaluation, Standing

    user = user_create(name="bench", password=None)
    repos = Repo.objects.bulk_create(
        Repo(
            type="model", namespace=user.namespace, name=f"m{number}", full_name=f"bench/m{number}", head=f"{number:040x}",
            visibility="private" if number % 5 == 4 else "public", artifact="model", architecture="ViTForImageClassification",
            task="image-classification", licence="apache-2.0", parameters=1000 * (number + 1), size_bytes=4000 * (number + 1),
            summary="A model of the benchmark.", created_by=user,
        )
        for number in range(models)
    )  # fmt: skip
    tree = Tree.objects.create(oid="0" * 40)
    from django.utils import timezone

    commits = Commit.objects.bulk_create(
        Commit(repo=repo, oid=repo.head, tree=tree, title="Add", author_name="bench", date=timezone.now())
        for repo in repos
    )
    LineageEdge.objects.bulk_create(
        LineageEdge(
            child=commits[number], parent_repo=repos[number // 2], parent_name=repos[number // 2].full_name, relation="merge_of",
        )
        for number in range(1, models)
    )  # fmt: skip
    body = {"task": "image-classification", "data": "builtin:digits"}
    for place in range(benchmarks):
        version = benchmark_create(
            user=user, name=f"bench-{place}", title=f"Bench {place}", namespace="bench", definition=body | {"limit": 300 + place}
        )  # fmt: skip
        rows = Evaluation.objects.bulk_create(
            _evaluation(version, repo, (number * 37 + place) % models / models) for number, repo in enumerate(repos)
        )
        Standing.objects.bulk_create(
            Standing(evaluation=row, definition_digest=version.digest, rank_low=1 + place, rank_high=9 + place)
            for row in rows
        )
    return user


def _evaluation(version: Any, repo: Any, score: float) -> Any:
    from hub.evals.models import Evaluation

    interval = {"value": score, "low": max(0.0, score - 0.05), "high": min(1.0, score + 0.05), "n": 300}
    metrics = dict.fromkeys(("accuracy", "nll", "f1_macro", "balanced_accuracy", "ece"), interval)
    cost = {
        "parameters": repo.parameters, "flops": repo.parameters * 9, "latency_ms": {"p50": 1 + score, "p90": 2.0, "p99": 3.0},
        "size_bytes": repo.size_bytes,
    }  # fmt: skip
    return Evaluation(
        repo=repo, commit_oid=repo.head, data_name=version.data_name, split="test", definition=version.definition,
        definition_digest=version.digest, metrics=metrics, score=score, score_low=interval["low"], score_high=interval["high"],
        examples=300, cost=cost,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
