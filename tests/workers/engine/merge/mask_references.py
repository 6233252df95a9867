"""The methods that choose place by place, in float64, written from their papers on flat rows and from nothing of Genepool's."""

import numpy as np


def rows_of(base, sources):
    """The task vectors `[n, D]`."""
    return np.stack([(source.double() - base.double()).numpy().ravel() for source in sources])


def consensus(base, sources, limits, needed, scale, weights=None):
    tau = rows_of(base, sources)
    merged = sum(weight * row for weight, row in zip(weights or [1.0] * len(tau), tau, strict=True))
    masks = [np.abs(row) > limit * np.abs(merged - row) for row, limit in zip(tau, limits, strict=True)]
    kept = np.sum(masks, axis=0) >= needed
    return base.double().numpy() + scale * (merged * kept).reshape(base.shape), masks


def pcb(rows, weights, ratio, scale):
    """The change `[D]` that rows `[n, D]` merge to."""
    count, size = rows.shape
    magnitudes = np.sort(np.abs(rows), axis=1)
    low, high = magnitudes[:, int(size * 1e-4)], magnitudes[:, max(int(size * (1 - 1e-4) - 1), 0)]
    clamped = np.clip(np.abs(rows), low[:, None], high[:, None])
    intra = np.exp(count * ((clamped - low[:, None]) / (high - low)[:, None]) ** 2)
    competition = intra * np.tanh(rows * rows.sum(0))
    floor = np.sort(competition, axis=1)[:, int(size * (1 - ratio))][:, None]
    scores = (np.maximum(competition, floor) - floor) / (competition.max(1)[:, None] - floor)
    kept = np.sign(rows) * clamped * np.asarray(weights)[:, None] * scores
    return scale * kept.sum(0) / np.maximum(scores.sum(0), 1e-12)
