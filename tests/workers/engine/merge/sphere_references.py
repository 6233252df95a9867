"""Arcs and means on the sphere in float64, step by step on whole vectors, from the papers."""

import numpy as np


def arc(first, second, t):
    """From one vector to another: sin((1−t)φ)/sin φ and sin(tφ)/sin φ of them as they are; the line where they are colinear."""
    norms = [max(np.linalg.norm(vector), 1e-7) for vector in (first, second)]
    cosine = np.clip(np.dot(first.ravel(), second.ravel()) / (norms[0] * norms[1]), -1, 1)
    angle = np.arccos(cosine)
    if 1 - cosine**2 <= 1e-16:
        return (1 - t) * first + t * second
    return (np.sin((1 - t) * angle) * first + np.sin(t * angle) * second) / np.sin(angle)


def log_at(point, target):
    """The tangent at `point` whose exponential is `target`."""
    cosine = np.clip(point @ target, -1, 1)
    angle = np.arccos(cosine)
    return np.zeros_like(point) if angle < 1e-12 else angle / np.sin(angle) * (target - cosine * point)


def exp_at(point, tangent):
    length = np.linalg.norm(tangent)
    return point if length == 0 else np.cos(length) * point + np.sin(length) / length * tangent


def mean_direction(vectors, weights, iterations=0):
    """The normalised weighted sum of directions, moved `iterations` times along the mean tangent."""
    units = [vector / np.linalg.norm(vector) for vector in vectors]
    mean = sum(weight * unit for weight, unit in zip(weights, units, strict=True))
    mean = mean / np.linalg.norm(mean)
    for _ in range(iterations):
        mean = exp_at(mean, sum(weight * log_at(mean, unit) for weight, unit in zip(weights, units, strict=True)))
    return mean


def double(tensors):
    return [tensor.double().numpy() for tensor in tensors]
