"""Twenty random problems for estimators: wide and narrow, few examples and many, dependent columns, a class that never occurs."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Problem:
    features: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray


def problem(seed: int) -> Problem:
    draw = np.random.default_rng(seed)
    n = int(draw.integers(20, 90))
    d = int(draw.integers(2, 2 * n)) if seed % 2 else int(draw.integers(n + 1, 3 * n))
    classes, sources = int(draw.integers(2, 6)), int(draw.integers(2, 8))
    labels = np.concatenate([np.arange(classes), draw.integers(0, classes, n - classes)])
    labels = np.where(labels == 1, classes + 3, labels) if seed % 5 == 0 else labels
    features = draw.normal(size=(n, d)) + draw.normal(size=(classes + 4, d))[labels] * draw.uniform(0, 1.5)
    if seed % 4 == 0:
        features = features[:, : max(d // 3, 1)] @ draw.normal(size=(max(d // 3, 1), d))
    logits = draw.normal(size=(n, sources)) + 2.0 * draw.normal(size=(classes + 4, sources))[labels]
    theta = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Problem(features * draw.uniform(0.1, 30), labels, theta)


PROBLEMS = [problem(seed) for seed in range(20)]
