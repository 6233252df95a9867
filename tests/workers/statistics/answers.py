"""Answers of models to compare oracles on: seeded, with ties, rare classes and broken patterns."""

import numpy as np


def classified(n: int = 300, classes: int = 7, seed: int = 0, skill: float = 0.7) -> dict[str, np.ndarray]:
    """Answer columns of a classification task. The last class is rare."""
    draw = np.random.default_rng(seed)
    shares = np.r_[np.full(classes - 1, 1.0), 0.05]
    gold = draw.choice(classes, n, p=shares / shares.sum())
    prediction = np.where(draw.random(n) < skill, gold, draw.integers(0, classes, n))
    confidence = draw.uniform(1 / classes, 1, n)
    return {
        "gold": gold.astype(np.int32), "prediction": prediction.astype(np.int32), "correct": gold == prediction,
        "logprob": np.log(draw.uniform(0.01, 1, n)), "confidence": confidence,
    }  # fmt: skip


def predicted(n: int = 200, seed: int = 0, step: float = 0.5) -> dict[str, np.ndarray]:
    """Answer columns of a regression task; rounded, so that there are ties."""
    draw = np.random.default_rng(seed)
    gold = np.round(draw.normal(3, 2, n) / step) * step
    prediction = np.round((gold + draw.normal(0, 1, n)) / step) * step
    return {
        "gold": gold, "prediction": prediction,
        "squared_error": (gold - prediction) ** 2, "absolute_error": abs(gold - prediction),
    }  # fmt: skip


def modelled(n: int = 150, seed: int = 0) -> dict[str, np.ndarray]:
    """Answer columns of causal language modelling: texts of very different lengths."""
    draw = np.random.default_rng(seed)
    tokens = draw.integers(1, 400, n)
    logprob = -draw.gamma(2, 1.5, n) * tokens
    return {
        "logprob": logprob, "bits": -logprob / np.log(2), "tokens": tokens.astype(np.int32),
        "bytes": (tokens * draw.integers(3, 6, n)).astype(np.int32),
    }  # fmt: skip
