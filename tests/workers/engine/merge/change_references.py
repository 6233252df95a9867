"""What the task arithmetic family keeps and how it adds up, in float64 with sorts and loops, from the papers."""

import numpy as np


def middle(delta, density, gamma):
    """Breadcrumbs: without the ⌊γn⌋ largest, the ⌊dn⌋ largest. A stable sort puts the lowest index first among equals."""
    flat = delta.ravel()
    size = flat.size
    keep = int(density * size)
    outliers = min(int(gamma * size), size - keep)
    order = np.argsort(-np.abs(flat), kind="stable")
    kept = np.zeros_like(flat)
    chosen = order if density >= 1 else order[outliers : outliers + keep]
    kept[chosen] = flat[chosen]
    return kept.reshape(delta.shape)


def odds(delta, density, epsilon):
    """DELLA: the keep probability of each entry by its rank in its row, the smallest first."""
    rows = delta.reshape(delta.shape[0], -1) if delta.ndim > 1 else delta.reshape(1, -1)
    result = np.empty(rows.shape)
    for row, values in enumerate(rows):
        for rank, place in enumerate(np.argsort(np.abs(values), kind="stable")):
            result[row, place] = (
                density if len(values) == 1 else density - epsilon + 2 * epsilon * rank / (len(values) - 1)
            )
    return result.reshape(delta.shape)


def added(base, deltas, weights, scale=1.0, normalize=False):
    change = sum(weight * delta for weight, delta in zip(weights, deltas, strict=True))
    return base + scale * (change / sum(weights) if normalize else change)


def elected(base, deltas, weights, scale=1.0, *, vote="weighted", reduce="weight"):
    """Sign election entry by entry: `vote` weighted or raw, the sum of those that agree divided by weight, count or nothing."""
    rows = [delta.ravel() for delta in deltas]
    merged = np.zeros(rows[0].size)
    for place in range(merged.size):
        values = [row[place] for row in rows]
        weighted = [weight * value for weight, value in zip(weights, values, strict=True)]
        voices = values if vote == "raw" else weighted
        sign = 1 if sum(voices) >= 0 else -1
        agreeing = [index for index, voice in enumerate(voices) if voice * sign > 0]
        total = sum(weighted[index] for index in agreeing)
        divisor = {
            "weight": sum(weights[index] for index in agreeing), "count": len(agreeing), "sum": 1.0,
        }[reduce]  # fmt: skip
        merged[place] = total / divisor if divisor != 0 else total
    return base + scale * merged.reshape(base.shape)


def double(tensors):
    return [tensor.double().numpy() for tensor in tensors]
