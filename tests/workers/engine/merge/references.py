"""The five methods in float64, written from their papers and from nothing of Genepool's."""

import numpy as np


def linear(sources, weights, normalize):
    total = sum(weight * source for weight, source in zip(weights, sources, strict=True))
    return total / sum(weights) if normalize else total


def slerp(base, source, t):
    a, b = base.ravel(), source.ravel()
    norm_a, norm_b = np.linalg.norm(a), np.linalg.norm(b)
    cosine = np.dot(a / (norm_a if norm_a > 1e-8 else 1), b / (norm_b if norm_b > 1e-8 else 1))
    cosine = np.clip(cosine, -1, 1)
    if abs(cosine) > 0.9995:
        return (1 - t) * base + t * source
    angle = np.arccos(cosine)
    return (np.sin((1 - t) * angle) * base + np.sin(t * angle) * source) / np.sin(angle)


def task_arithmetic(base, sources, weights, scale, normalize):
    change = sum(weight * (source - base) for weight, source in zip(weights, sources, strict=True))
    return base + scale * (change / sum(weights) if normalize else change)


def trim(delta, density):
    """Keep the ⌊density·n⌋ (at least one) largest by magnitude; a stable sort puts the lowest index first among equals."""
    flat = delta.ravel()
    keep = max(1, int(density * flat.size))
    order = np.argsort(-np.abs(flat), kind="stable")
    kept = np.zeros_like(flat)
    kept[order[:keep]] = flat[order[:keep]]
    return kept.reshape(delta.shape)


def elect_and_merge(deltas, weights, normalize):
    """Entry by entry, with loops and no cleverness."""
    weighted = [weight * delta.ravel() for weight, delta in zip(weights, deltas, strict=True)]
    merged = np.zeros(weighted[0].size)
    for place in range(merged.size):
        sign = 1 if sum(row[place] for row in weighted) >= 0 else -1
        agreeing = [
            (row[place], weight) for row, weight in zip(weighted, weights, strict=True) if row[place] * sign > 0
        ]
        total = sum(value for value, _ in agreeing)
        divisor = sum(weight for _, weight in agreeing)
        merged[place] = total / divisor if normalize and divisor != 0 else total
    return merged.reshape(deltas[0].shape)


def ties(base, sources, weights, densities, scale, normalize):
    deltas = [trim(source - base, density) for source, density in zip(sources, densities, strict=True)]
    return base + scale * elect_and_merge(deltas, weights, normalize)


def dare_ties(base, sources, weights, densities, masks, rescale, scale, normalize):
    deltas = []
    for source, density, mask in zip(sources, densities, masks, strict=True):
        delta = source - base
        kept = delta * mask
        if rescale == "inverse":
            factor = 1 / density
        elif rescale == "l1":
            factor = np.abs(delta).sum() / np.abs(kept).sum() if np.abs(kept).sum() > 0 else 1.0
        else:
            factor = 1.0
        deltas.append(kept * factor)
    return base + scale * elect_and_merge(deltas, weights, normalize)
