"""Flips: identities that hold for all answers, and a hand-worked example."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from workers.statistics.changes import changes_of
from workers.statistics.flips import Flips, entropy_bits, flips_of

RIGHT = st.integers(1, 60).flatmap(
    lambda n: st.tuples(*(st.lists(st.booleans(), min_size=n, max_size=n) for _ in range(2)))
)
SCORES = st.integers(1, 60).flatmap(
    lambda n: st.tuples(*(st.lists(st.floats(0, 1), min_size=n, max_size=n) for _ in range(2)))
)


@given(RIGHT)
def test_accuracy_moves_by_positive_minus_negative_flips(answers):
    old, new = (np.array(row) for row in answers)
    found = flips_of(old, new)
    assert found.n == len(old)
    assert (found.accuracy_old, found.accuracy_new) == (old.mean(), new.mean())
    assert (new.mean() - old.mean()) * found.n == pytest.approx(found.gained - found.lost, abs=1e-9)
    assert found.accuracy_new - found.accuracy_old == pytest.approx(found.pfr.value - found.nfr.value, abs=1e-12)


@given(RIGHT)
def test_headroom_is_what_the_oracle_adds_to_the_better(answers):
    old, new = (np.array(row) for row in answers)
    found = flips_of(old, new)
    assert found.oracle.value == pytest.approx((old | new).mean(), abs=1e-12)
    assert found.headroom.value == pytest.approx(found.oracle.value - max(old.mean(), new.mean()), abs=1e-12)


@given(RIGHT)
def test_turned_round_gains_are_losses(answers):
    old, new = (np.array(row) for row in answers)
    there, back = flips_of(old, new), flips_of(new, old)
    assert (there.gained, there.lost) == (back.lost, back.gained)
    assert there.headroom == back.headroom


@given(SCORES)
def test_scores_move_by_gain_minus_regress(scores):
    old, new = (np.array(row) for row in scores)
    found = changes_of(old, new)
    assert found.gain.value - found.regress.value == pytest.approx(new.mean() - old.mean(), abs=1e-12)


def test_by_hand():
    """Ten examples: 4 right in both, 2 gained, 1 lost, 3 wrong in both, of which 2 with another answer."""
    old = np.array([1, 1, 1, 1, 0, 0, 1, 0, 0, 0], dtype=bool)
    new = np.array([1, 1, 1, 1, 1, 1, 0, 0, 0, 0], dtype=bool)
    said = np.array(list("aaaabbaccc")), np.array(list("aaaaaabcdd"))
    found = flips_of(old, new, said)
    assert found == Flips(4, 2, 1, 3, 2)
    assert (found.nfr.value, found.pfr.value) == (0.1, 0.2)
    assert found.relative_nfr == pytest.approx(1 / 4)
    assert found.nfr_over_chance == pytest.approx(1 / 4 / 0.5)
    assert found.btc.value == pytest.approx(4 / 5)
    assert found.bec.value == pytest.approx(3 / 4)
    assert found.inc.value == pytest.approx(0.2)
    assert found.oracle.value == 0.7
    assert found.headroom.value == 0.1
    assert (found.btc.low, found.btc.high) == pytest.approx(proportion_confint(4, 5, method="wilson"), abs=1e-9)


def test_what_has_no_denominator_is_undefined_not_zero():
    never, always = flips_of(np.zeros(4, bool), np.ones(4, bool)), flips_of(np.ones(4, bool), np.ones(4, bool))
    assert never.btc is None
    assert (always.bec, always.relative_nfr) == (None, None)
    assert always.inc is None


def test_no_examples():
    with pytest.raises(ValueError, match="no examples"):
        flips_of(np.zeros(0, bool), np.zeros(0, bool))


def test_changes_by_hand():
    found = changes_of(np.array([0.5, 0.5, 0.5, 0.5]), np.array([0.1, 0.48, 0.5, 0.9]))
    assert (found.regress.value, found.gain.value) == pytest.approx((0.42 / 4, 0.1))
    assert (found.lost.value, found.gained.value) == (0.25, 0.25)


def test_changes_by_cluster_are_less_certain():
    draw = np.random.default_rng(0)
    old, step = draw.random(20), draw.normal(0, 0.2, 20)
    cluster = np.repeat(np.arange(20), 8)
    plain, clustered = (changes_of(np.repeat(old, 8), np.repeat(old + step, 8), cluster=c) for c in (None, cluster))
    assert clustered.lost.high - clustered.lost.low > 2 * (plain.lost.high - plain.lost.low)
    assert clustered.regress.high - clustered.regress.low > 2 * (plain.regress.high - plain.regress.low)


@pytest.mark.parametrize(("counts", "bits"), [([8], 0), ([4, 4], 1), ([1, 1, 1, 1, 0], 2), ([], 0)])
def test_entropy_of_gains(counts, bits):
    assert entropy_bits(counts) == pytest.approx(bits)
