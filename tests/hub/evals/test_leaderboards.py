"""Leaderboards: who stands there, in which order, at which cost, and what a reader may see of it."""

import pytest

from hub.benchmarks.selectors import benchmark_get
from hub.benchmarks.services import benchmark_revise
from hub.core.errors import Invalid
from hub.evals.filters import Filters, filters_parse
from hub.evals.leaderboards import leaderboard
from hub.evals.models import Standing
from tests.factories.benchmarks import make_benchmark, make_dataset, make_entry
from tests.factories.evals import make_commit, make_model, parent

pytestmark = pytest.mark.django_db
RIGHT = {share: [1] * share + [0] * (10 - share) for share in range(11)}


@pytest.fixture
def version(alice):
    return make_benchmark(alice, "mine")


def entry(alice, version, name, right, visibility="public", **rest):
    repo, _ = make_model(alice, name, visibility=visibility, parents=rest.pop("parents", ()))
    repo.refresh_from_db()
    return make_entry(alice, version, repo, RIGHT[right], **rest)


def names(board):
    return [row.name.removeprefix("alice/") for row in board.rows]


def board_of(version, user=None, sort="score", **filters):
    return leaderboard(user=user, version=version, filters=Filters(**filters), sort=sort)


def test_the_best_comes_first_with_its_interval(alice, version):
    for name, right in (("bad", 2), ("good", 9), ("middling", 5)):
        entry(alice, version, name, right)
    board = board_of(version)
    assert names(board) == ["good", "middling", "bad"]
    assert (board.rows[0].score, board.rows[0].low, board.rows[0].high, board.rows[0].n) == (0.9, 0.8, 1.0, 10)
    assert (board.total, board.metric.name) == (3, "accuracy")


def test_where_lower_is_better_the_lowest_comes_first(alice):
    version = make_benchmark(alice, "by-nll", metrics=["nll"])
    for name, nll in (("bad", 2.0), ("good", 0.5)):
        entry(alice, version, name, 5, metrics={"nll": {"value": nll, "low": nll, "high": nll, "n": 10}})
    assert names(board_of(version)) == ["good", "bad"]
    assert names(board_of(version, sort="-score")) == ["bad", "good"]


def test_numbers_of_another_version_are_not_among_them(alice, version):
    entry(alice, version, "old", 9)
    body = {"task": "image-classification", "data": "builtin:digits", "limit": 5}
    newer = benchmark_revise(user=alice, name="mine", definition=body)
    entry(alice, newer, "new", 5)
    assert names(board_of(version)) == ["old"]
    assert names(board_of(newer)) == ["new"]


def test_two_benchmarks_of_one_meaning_share_their_numbers(alice, version):
    entry(alice, version, "a", 9)
    assert names(board_of(benchmark_get(user=None, name="digits"))) == ["a"]


def test_one_row_per_model_the_one_of_what_it_holds_now(alice, version):
    first = entry(alice, version, "a", 9)
    make_entry(alice, version, first.repo, RIGHT[10], oid="e" * 40)
    board = board_of(version)
    assert [(row.score, row.is_head) for row in board.rows] == [(0.9, True)]


def test_other_weights_since_then_are_said_other_words_are_not(alice, version):
    first = entry(alice, version, "a", 9)
    make_commit(alice, first.repo, digest="a", note="a better card")
    assert [row.is_head for row in board_of(version).rows] == [True]
    make_commit(alice, first.repo, digest="other")
    assert [row.is_head for row in board_of(version).rows] == [False]


def test_private_models_are_seen_by_those_who_may(alice, bob, charlie, lab, version):
    entry(alice, version, "open", 5)
    entry(alice, version, "secret", 9, visibility="private")
    assert names(board_of(version, alice)) == ["secret", "open"]
    for reader in (None, charlie):
        board = board_of(version, reader)
        assert names(board) == ["open"]
        assert board.total == 1


def test_numbers_on_closed_data_are_for_its_readers(alice, charlie):
    make_dataset(alice, "alice/closed", visibility="private")
    version = make_benchmark(alice, "alice.closed", data="alice/closed")
    entry(alice, version, "open", 5)
    assert names(board_of(version, alice)) == ["open"]
    assert names(board_of(version, charlie)) == []


def test_invalid_numbers_are_hidden_and_counted(alice, version):
    entry(alice, version, "good", 5)
    entry(alice, version, "cheat", 10, invalid="It was trained on the test split.")
    board = board_of(version)
    assert (names(board), board.total, board.hidden_invalid) == (["good"], 1, 1)
    shown = board_of(version, invalid=True)
    assert names(shown) == ["good", "cheat"]
    assert shown.rows[1].front == frozenset()


def test_parents_on_the_board_are_marked(alice, version):
    first, second = entry(alice, version, "a", 5), entry(alice, version, "b", 6)
    heads = [parent(found.repo, type("C", (), {"oid": found.repo.head})) for found in (first, second)]
    entry(alice, version, "child", 9, parents=heads)
    rows = {row.name: row for row in board_of(version).rows}
    assert rows["alice/child"].parents == ("alice/a", "alice/b")
    assert [rows[name].is_parent for name in ("alice/a", "alice/b", "alice/child")] == [True, True, False]


def test_hidden_parents_are_not_named(alice, charlie, version):
    secret = entry(alice, version, "secret", 5, visibility="private")
    entry(alice, version, "child", 9, parents=[parent(secret.repo, type("C", (), {"oid": secret.repo.head}))])
    assert board_of(version, charlie).rows[0].parents == ()


COSTS = {
    "small": {"parameters": 10, "flops": 100, "latency_ms": {"p50": 1.0}, "size_bytes": 40},
    "middle": {"parameters": 100, "flops": 50, "latency_ms": {"p50": 9.0}, "size_bytes": 400},
    "large": {"parameters": 1000, "flops": 1000, "latency_ms": {"p50": 5.0}, "size_bytes": 4000},
}


@pytest.fixture
def priced(alice, version):
    for name, right in (("small", 5), ("middle", 6), ("large", 9)):
        entry(alice, version, name, right, cost=COSTS[name])
    return version


def test_the_front_holds_what_nothing_cheaper_beats(priced):
    board = board_of(priced)
    fronts = {
        axis: [row.name.removeprefix("alice/") for row in board.front(axis)]
        for axis in ("parameters", "flops", "latency", "size")
    }
    assert fronts == {
        "parameters": ["small", "middle", "large"],
        "flops": ["middle", "large"],
        "latency": ["small", "large"],
        "size": ["small", "middle", "large"],
    }


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({"params_max": 100}, ["middle", "small"]),
        ({"params_min": 100}, ["large", "middle"]),
        ({"flops_max": 99}, ["middle"]),
        ({"latency_max": 5}, ["large", "small"]),
        ({"size_max": 1}, []),
        ({"q": "ALICE/l"}, ["large"]),
        ({"artifact": "adapter"}, []),
        ({"licence": "mit"}, []),
        ({"base": "alice/small"}, ["small"]),
    ],
)
def test_filters(priced, filters, left):
    assert names(board_of(priced, **filters)) == left


def test_what_is_not_known_passes_no_limit_and_comes_last(alice, priced):
    entry(alice, priced, "unknown", 8)
    assert names(board_of(priced, flops_max=10**9)) == ["large", "middle", "small"]
    for sort in ("flops", "-flops"):
        assert names(board_of(priced, sort=sort))[-1] == "unknown"


@pytest.mark.parametrize(
    ("sort", "first"), [("score", "large"), ("-score", "small"), ("flops", "middle"), ("-size", "large"), ("name", "large"), ("measured", "large")]
)  # fmt: skip
def test_orders(priced, sort, first):
    assert names(board_of(priced, sort=sort))[0] == first


def test_the_noise_floor_comes_from_repeats_of_one_commit(alice, version):
    found = entry(alice, version, "a", 5)
    assert board_of(version).noise is None
    make_entry(alice, version, found.repo, RIGHT[6], repeat=1)
    make_entry(alice, version, found.repo, RIGHT[10], oid="e" * 40)
    undefined = {"accuracy": {"value": None, "low": None, "high": None, "n": 10}}
    make_entry(alice, version, found.repo, RIGHT[6], repeat=2, metrics=undefined)
    noise = board_of(version).noise
    assert (noise.models, noise.runs) == (1, 2)
    assert noise.spread == pytest.approx(0.0707106781)


def test_places_come_with_the_row(alice, version):
    found = entry(alice, version, "a", 5)
    assert board_of(version).rows[0].rank is None
    Standing.objects.create(evaluation=found, definition_digest=version.digest, rank_low=1, rank_high=3)
    assert board_of(version).rows[0].rank == (1, 3)


@pytest.mark.parametrize(
    "query", [{"sort": "luck"}, {"params_max": "many"}, {"params_max": "-1"}, {"flops_max": "nan"}, {"size_max": "inf"}, {"artifact": "cat"}]
)  # fmt: skip
def test_a_query_that_cannot_be_read_is_an_error(query):
    with pytest.raises(Invalid):
        filters_parse(query)


def test_reads_a_query():
    filters, sort = filters_parse({"q": "vit", "params_max": "1e6", "invalid": "1", "sort": "-flops", "unknown": "x"})
    assert (filters, sort) == (Filters(q="vit", params_max=1e6, invalid=True), "-flops")


def test_two_hundred_models_cost_a_dozen_questions_at_most(alice, charlie, version, django_assert_max_num_queries):
    first = entry(alice, version, "a", 5)
    for number in range(3):
        entry(
            alice, version, f"m{number}", number, parents=[parent(first.repo, type("C", (), {"oid": first.repo.head}))]
        )
    for reader in (None, charlie, alice):
        with django_assert_max_num_queries(6):
            board_of(benchmark_get(user=reader, name="mine"), reader)
