"""The sentence over a leaderboard, from the intervals of its places."""

from types import SimpleNamespace

import pytest

from hub.pages.boards.board import headline, rank_words
from hub.pages.measures import metric_of


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
