"""Normalised performance, recovery, forgetting and transfer, each by hand."""

import pytest

from workers.statistics import normalised as ours
from workers.statistics.normalised import Summary

# a[l][j]: score on task j after learning task l
SCORES = [[0.9, 0.2, 0.3], [0.7, 0.8, 0.4], [0.6, 0.85, 0.9]]


@pytest.mark.parametrize(
    ("score", "specialist", "options", "found"),
    [
        (0.81, 0.9, {}, 0.9),
        (0.5, 0.9, {"chance": 0.1}, 0.5),
        (0.05, 0.9, {"chance": 0.1}, -0.0625),
        (0.5, 0.1, {"chance": 0.1}, None),
        (0.5, 0.05, {"chance": 0.1}, None),
        (0.5, 0.0, {}, None),
        (4.0, 3.0, {"higher_is_better": False}, 0.75),
        (4.0, 3.0, {"higher_is_better": False, "chance": 8.0}, 0.8),
        (4.0, 9.0, {"higher_is_better": False, "chance": 8.0}, None),
    ],
)
def test_normalised_performance(score, specialist, options, found):
    assert ours.normalised(score, specialist, **options) == (pytest.approx(found) if found is not None else None)


def test_summary_leaves_out_what_could_not_be_measured():
    assert ours.summary_of([0.9, None, 1.1]) == Summary(pytest.approx(1.0), 0.9, 1, 2)
    assert ours.summary_of([None]) is None


@pytest.mark.parametrize(
    ("numbers", "better_is_higher", "found"),
    [
        ((0.7, 0.9, 0.5), True, 0.5),
        ((0.7, 0.5, 0.5), True, None),
        ((3.0, 2.0, 4.0), False, 0.5),
        ((3.0, 5.0, 4.0), False, None),
    ],
)
def test_recovered_share_of_what_the_specialist_learned(numbers, better_is_higher, found):
    value = ours.recovered(*numbers, higher_is_better=better_is_higher)
    assert value == (pytest.approx(found) if found is not None else None)


def test_forgetting_has_the_sign_of_a_loss():
    assert ours.forgetting(0.7, 0.8) == pytest.approx(0.1)
    assert ours.forgetting(3.0, 2.5, higher_is_better=False) == pytest.approx(0.5)


def test_sequences_by_hand():
    assert ours.sequence_forgetting(SCORES) == pytest.approx(((0.9 - 0.6) + (0.8 - 0.85)) / 2)
    assert ours.sequence_forgetting(SCORES, after=1) == pytest.approx(0.9 - 0.7)
    assert ours.backward_transfer(SCORES) == pytest.approx(((0.6 - 0.9) + (0.85 - 0.8)) / 2)
    assert ours.forward_transfer(SCORES, [0.1, 0.1, 0.1]) == pytest.approx(((0.2 - 0.1) + (0.4 - 0.1)) / 2)


@pytest.mark.parametrize(
    "function", [ours.sequence_forgetting, ours.backward_transfer, lambda a: ours.forward_transfer(a, [0.1])]
)
def test_one_task_is_no_sequence(function):
    with pytest.raises(ValueError, match="needs a task"):
        function([[0.9]])
