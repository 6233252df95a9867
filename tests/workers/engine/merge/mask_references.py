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


def localize_stitch(rows, sparsity):
    """The change `[D]`: MergeBench's masks (all that reach the k-th largest magnitude), the paper's count of overlaps."""
    masks = []
    for row in rows:
        limit = np.sort(np.abs(row))[::-1][max(1, int(sparsity * row.size)) - 1]
        masks.append((np.abs(row) >= limit) & (row != 0))
    overlap = np.sum(masks, axis=0)
    return np.divide(np.sum(masks * rows, axis=0), overlap, out=np.zeros(rows.shape[1]), where=overlap > 0)


def _importance(significance, ratio, calibration):
    scores = np.exp(significance) / np.exp(significance).sum(0)
    scores[significance > ratio * significance.mean(1, keepdims=True)] = calibration
    return scores


def widen(base, sources, ratio, calibration, embedding=False):
    """The change, in the shape of `base`. A matrix is `[out, in]`, embeddings are `[tokens, width]`."""
    before, after = base.double().numpy(), [source.double().numpy() for source in sources]
    tau = np.stack([one - before for one in after])
    if base.ndim != 2:
        flat = tau.reshape(len(tau), -1)
        return (flat * _importance(np.abs(flat), ratio, calibration)).sum(0).reshape(base.shape)
    if embedding:
        return widen(base.T, [source.T for source in sources], ratio, calibration).T
    lengths = [np.linalg.norm(one, axis=0) for one in (before, *after)]
    stretched = np.stack([np.abs(length - lengths[0]) for length in lengths[1:]])
    cosines = [(one / length * (before / lengths[0])).sum(0) for one, length in zip(after, lengths[1:], strict=True)]
    turned = 1 - np.stack(cosines)
    ranks = [
        np.argsort(np.argsort(rows, axis=1, kind="stable"), axis=1) / base.shape[1] for rows in (stretched, turned)
    ]
    scores = 0.5 * (_importance(ranks[0], ratio, calibration) + _importance(ranks[1], ratio, calibration))
    return (tau * scores[:, None, :]).sum(0)


def robust_signature(base, sources, alphas, average):
    clean, *corrupted = rows_of(base, sources)
    signatures = [row - (row @ clean) / (clean @ clean) * clean for row in corrupted]
    patch = sum(alpha * row for alpha, row in zip(alphas, signatures, strict=True)) / (len(alphas) if average else 1)
    return base.double().numpy() + (clean + patch).reshape(base.shape)
