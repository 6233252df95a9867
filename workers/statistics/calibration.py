"""Calibration: of the answers given with 80 % confidence, are 80 % right?"""

from dataclasses import dataclass

import numpy as np

from workers.statistics.intervals import Floats, Whole, wilson_interval

BINS = 15


@dataclass(frozen=True)
class Bin:
    """Answers of like confidence: mean confidence, share right with its Wilson interval, how many."""

    confidence: float
    accuracy: float
    low: float
    high: float
    n: int


def equal_mass_bins(confidence: Floats, bins: int = BINS) -> Whole:
    """The bin of each answer, `[n]`, so that all bins hold as many answers as ties allow.

    `⌊bins · r / n⌋` with r the number of answers that are less confident: equal confidences share a bin, so the order of
    the examples does not matter.

    Source: equal-mass bins as in Nixon et al. 2019, arXiv 1904.01685.
    """
    ordered = np.sort(confidence)
    less = np.searchsorted(ordered, confidence, side="left")
    return (less * bins // len(confidence)).astype(np.int64)


def ece_under(confidence: Floats, correct: Floats, weights: Floats, bins: int = BINS) -> Floats:
    """Expected calibration error for each row of `weights`: `Σ_b |Σ_{i in b} w_i (correct_i − confidence_i)| / Σ w`.

    The bins are those of all answers with weight 1, so that resamples are cut alike.

    Source: Guo et al. 2017, arXiv 1706.04599, over equal-mass bins.

    Args:
        confidence: probability of the chosen class `[n]` in [0, 1]. correct: 0 or 1 `[n]`.
        weights: `[draws, n]`.

    Returns:
        `[draws]` float64.
    """
    place = equal_mass_bins(confidence, bins)
    gaps = np.zeros((len(confidence), bins))
    gaps[np.arange(len(confidence)), place] = correct - confidence
    found: Floats = np.abs(weights @ gaps).sum(axis=1) / weights.sum(axis=1)
    return found


def reliability(confidence: Floats, correct: Floats, bins: int = BINS) -> tuple[Bin, ...]:
    """The bins of a reliability diagram, from least to most confident; empty ones are left out."""
    place = equal_mass_bins(confidence, bins)
    found = []
    for number in np.unique(place):
        inside = place == number
        n, hits = int(inside.sum()), int(correct[inside].sum())
        share = wilson_interval(hits, n)
        found.append(Bin(float(confidence[inside].mean()), share.value, share.low, share.high, n))
    return tuple(found)
