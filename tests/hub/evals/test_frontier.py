"""The Pareto front, against its definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.evals.frontier import front_of

small = st.one_of(st.none(), st.integers(0, 4).map(float))
points = st.lists(st.tuples(small, small), max_size=12)


def beats(first, second):
    return first[0] <= second[0] and first[1] >= second[1] and first != second


@given(points)
def test_is_what_nothing_cheaper_beats(points):
    known = [point for point in points if None not in point]
    expected = [None not in point and not any(beats(other, point) for other in known) for point in points]
    assert front_of(points) == expected


@given(points)
def test_lower_scores_turn_it_round(points):
    turned = [(cost, None if score is None else -score) for cost, score in points]
    assert front_of(turned, higher_is_better=False) == front_of(points)


@pytest.mark.parametrize(
    ("points", "front"), [([], []), ([(1.0, None)], [False]), ([(1.0, 0.5), (1.0, 0.5)], [True, True])]
)
def test_edges(points, front):
    assert front_of(points) == front
