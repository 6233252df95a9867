"""The sentence over a leaderboard, from the intervals of its places."""

from types import SimpleNamespace

import pytest

from hub.evals.leaderboards import Row
from hub.pages.boards.board import _level, headline, noise_words, rank_words, shared_words
from hub.pages.boards.frontier import frontier_figure
from hub.pages.measures import metric_of
from workers.statistics.noise import noise_floor


def row(rank, visibility="public"):
    return SimpleNamespace(invalid="", score=0.5, rank=rank, repo=SimpleNamespace(visibility=visibility))


def board(*ranks, total=None, more=()):
    rows = (*map(row, ranks), *more)
    return SimpleNamespace(rows=rows, total=len(rows) if total is None else total, metric=metric_of("accuracy"))


@pytest.mark.parametrize(
    ("ranks", "words"),
    [
        (((1, 1), (2, 3), (2, 3)), "One clear winner; places 2 to 3 overlap with their neighbours."),
        (((1, 1), (2, 2), (3, 3)), "One clear winner; every other place is clear."),
        (((1, 2), (1, 2), (3, 3)), "2 entries may hold the first place; every other place is clear."),
        (((1, 1), (1, 1), (3, 3)), "2 entries share the first place; every other place is clear."),
        (((1, 3), (1, 3), (1, 3)), "3 entries may hold the first place."),
        (((1, 2), (1, 3), (2, 3)), "2 entries may hold the first place; places 2 to 3 overlap with their neighbours."),
        ((None, None), "2 entries, places not worked out yet."),
        (((1, 1),), "One entry so far: nothing to compare it with."),
        ((), "Nothing has been measured with this version yet."),
    ],
)
def test_the_headline_says_what_the_places_say(ranks, words):
    assert headline(board(*ranks)) == words


def test_a_filter_that_hides_the_leaders_is_said():
    assert headline(board((4, 4), (5, 5), total=9)).startswith("2 of 9 entries, without those that lead")
    assert headline(board(total=9)) == "No entry fits."


def test_a_private_entry_that_would_lead_does_not_share_the_first_place():
    assert (
        headline(board((1, 1), (2, 2), more=[row((1, 1), "private")]))
        == "One clear winner; every other place is clear."
    )


@pytest.mark.parametrize(("rank", "words"), [((1, 1), "1"), ((2, 4), "2–4"), (None, "–")])
def test_a_place_is_a_number_a_range_or_a_dash(rank, words):
    assert rank_words(rank) == words


def entry(name, score, rank, cost, visibility="public"):
    repo = SimpleNamespace(name=name.rpartition("/")[2], visibility=visibility)
    return Row(
        SimpleNamespace(invalid=""), SimpleNamespace(full_name=name, **vars(repo)), score, None, None, 10, rank,
        dict.fromkeys(("flops", "latency", "size")) | {"parameters": cost}, None, True,
        front=frozenset({"parameters"} if score == 0.9 else ()),
    )  # fmt: skip


LEVEL = [entry("lab/a", 0.9, (1, 1), 10.0), entry("lab/b", 0.9, (1, 1), 10.0), entry("lab/c", 0.5, (3, 3), 10.0)]


def test_level_entries_say_with_whom():
    level = _level(LEVEL)
    assert [shared_words(row, level) for row in LEVEL] == [
        "shares place 1 with lab/b", "shares place 1 with lab/a", "",
    ]  # fmt: skip
    apart = [entry("lab/a", 0.9, (1, 2), 10.0), entry("lab/b", 0.9, (1, 2), 20.0)]
    assert shared_words(apart[0], _level(apart)) == "same score as lab/b"
    hidden = [entry("lab/a", 0.9, (1, 1), 10.0), entry("lab/secret", 0.9, (1, 1), 10.0, "private")]
    assert [shared_words(row, _level(hidden)) for row in hidden] == ["", ""]


def test_level_entries_lie_on_the_front_together():
    board = SimpleNamespace(rows=LEVEL, metric=metric_of("accuracy"), front=lambda axis: tuple(LEVEL[:2]))
    figure = frontier_figure(board, "parameters")
    assert figure.title == "a and b are both the cheapest and the best of 3"
    assert "a and b are best with 90.0\u00a0%" in figure.sentence
    assert "a and b" in figure.pictures[0]


def test_identical_repeats_are_no_floor():
    board = SimpleNamespace(noise=noise_floor([[0.9, 0.9], [0.5, 0.5, 0.5]]), metric=metric_of("accuracy"))
    assert noise_words(board) == "repeats are identical (deterministic): 5 runs of 2 models"
    assert noise_words(SimpleNamespace(noise=noise_floor([[0.9, 0.8]]), metric=metric_of("accuracy"))).startswith("noise floor ±")  # fmt: skip
