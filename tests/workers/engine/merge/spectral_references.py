"""The methods on singular vectors in float64, written from their papers with full decompositions and from nothing of Genepool's."""

import numpy as np


def svd(matrix, level=0.0):
    """Thin, without the directions of singular value zero."""
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    kept = values > max(matrix.shape) * np.finfo(float).eps * max(values[0], level, 1e-300)
    return left[:, kept], values[kept], right[kept]


def polar(matrix):
    left, _, right = svd(matrix)
    return left @ right


def deltas(base, sources):
    base = base.double().numpy()
    return [source.double().numpy() - base for source in sources]


def tsv_m(base, sources, scale=1.0):
    tau = deltas(base, sources)
    if base.ndim != 2:
        return base.double().numpy() + scale * np.mean(tau, axis=0)
    rank = max(1, int(min(base.shape) / len(tau)))
    parts = [
        tuple(part[..., :rank] if place < 2 else part[:rank] for place, part in enumerate(svd(one))) for one in tau
    ]
    left = np.hstack([part[0] for part in parts])
    values = np.concatenate([part[1] for part in parts])
    right = np.vstack([part[2] for part in parts])
    return base.double().numpy() + scale * polar(left) @ np.diag(values) @ polar(right)


def iso_c(base, sources, scale=1.0):
    tau = deltas(base, sources)
    if base.ndim != 2:
        return base.double().numpy() + scale * np.mean(tau, axis=0)
    left, values, right = svd(np.sum(tau, axis=0))
    return base.double().numpy() + scale * values.mean() * left @ right


def relative(result, base, expected):
    """‖change − expected change‖ / ‖expected change‖, Frobenius."""
    wanted = np.asarray(expected) - base.double().numpy()
    return np.linalg.norm(result.double().numpy() - expected) / max(np.linalg.norm(wanted), 1e-30)


def iso_cts(base, sources, fraction, scale=1.0):
    tau = deltas(base, sources)
    if base.ndim != 2:
        return base.double().numpy() + scale * np.mean(tau, axis=0)
    rank = min(base.shape)
    own = round((rank - int(rank * fraction)) / len(tau))
    common = rank - own * len(tau)
    left, values, right = svd(np.sum(tau, axis=0))
    shared = left[:, :common], values[:common], right[:common]
    parts = []
    for one in tau:
        u, s, v = svd(one - shared[0] @ shared[0].T @ one, np.linalg.norm(one))
        parts.append((u[:, :own], s[:own], v[:own]))
    parts.append(shared)
    left = np.hstack([part[0] for part in parts])
    right = np.vstack([part[2] for part in parts])
    mean = np.concatenate([part[1] for part in parts]).mean()
    return base.double().numpy() + scale * mean * polar(left) @ polar(right)


def wudi_loss(change, tau):
    return sum(np.linalg.norm((change - one) @ one.T) ** 2 / np.linalg.norm(one) ** 2 for one in tau)


def wudi(base, sources, iterations, rate):
    """Adam on the loss, whose gradient is taken by hand from its definition."""
    tau = deltas(base, sources)
    if base.ndim != 2:
        return base.double().numpy() + np.mean(tau, axis=0)
    point, first, second = np.sum(tau, axis=0), 0.0, 0.0
    for count in range(1, iterations + 1):
        gradient = sum(2 * (point - one) @ one.T @ one / np.linalg.norm(one) ** 2 for one in tau)
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        point = point - rate * (first / (1 - 0.9**count)) / (np.sqrt(second / (1 - 0.999**count)) + 1e-8)
    return base.double().numpy() + point


def knots(base, sources, merge):
    """`merge` takes the aligned parts of all models and gives one."""
    tau = deltas(base, sources)
    left, values, right = np.linalg.svd(np.hstack(tau), full_matrices=False)
    kept = values > 1e-5
    blocks = np.hsplit(values[kept][:, None] * right[kept], len(tau))
    return base.double().numpy() + left[:, kept] @ merge(blocks)
