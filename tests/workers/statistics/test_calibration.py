"""Calibration: bins of equal mass, and the error against a hand-worked diagram."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from workers.statistics.calibration import ece_under, equal_mass_bins, reliability


def test_bins_hold_equally_many_whatever_the_order():
    confidence = np.random.default_rng(0).permutation(np.linspace(0.1, 1, 300))
    place = equal_mass_bins(confidence)
    assert np.bincount(place).tolist() == [20] * 15
    assert place[confidence.argmax()] == 14


def test_equal_confidences_share_a_bin():
    assert set(equal_mass_bins(np.array([0.5] * 20 + [0.9] * 10))) == {0, 10}


def test_by_hand():
    """Two groups: 0.6 sure and half right, 0.9 sure and all right: (20·0.1 + 10·0.1) / 30."""
    confidence, correct = np.repeat([0.6, 0.9], [20, 10]), np.r_[np.tile([1.0, 0.0], 10), np.ones(10)]
    assert ece_under(confidence, correct, np.ones((1, 30)))[0] == pytest.approx(0.1)
    low, high = reliability(confidence, correct)
    assert (low.confidence, low.accuracy, low.n) == (pytest.approx(0.6), 0.5, 20)
    assert (high.confidence, high.accuracy, high.n) == (pytest.approx(0.9), 1.0, 10)
    assert (low.low, low.high) == pytest.approx(proportion_confint(10, 20, method="wilson"), abs=1e-9)


def test_a_calibrated_model_has_next_to_no_error():
    draw = np.random.default_rng(0)
    confidence = draw.uniform(0.2, 1, 20_000)
    correct = (draw.random(20_000) < confidence).astype(float)
    assert ece_under(confidence, correct, np.ones((1, 20_000)))[0] < 0.015
