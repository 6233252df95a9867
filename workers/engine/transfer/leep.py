"""LEEP: the log expected empirical prediction."""

import numpy as np
from numpy.typing import NDArray

from workers.engine.transfer.checks import checked, one_hot, same_rows

_LEAST = 1e-12


def leep(probabilities: NDArray[np.floating], labels: NDArray[np.integer], *, name: str = "The model") -> float:
    """How well the model's own classes z foretell the labels y, when each z votes with what it met.

    `P(y,z) = 1/N Σ θ_z(x_i) [y_i=y]`, `P(y|z) = P(y,z)/P(z)`, `LEEP = 1/N Σ ln Σ_z P(y_i|z) θ_z(x_i)`.

    Source: Nguyen et al. 2020, arXiv:2002.12462, eq. 1–2. A class with P(z) = 0 is left out, as it votes on nothing; the
        logarithm is taken of no less than 1e-12.

    Args:
        probabilities: θ [n, source classes], each row sums to 1.
        labels: [n], integers.
        name: the model's, for messages.

    Returns:
        nats, at most 0; higher is better.

    Raises:
        UserError: a probability is not finite.
        ValueError: shapes differ, or a row is no distribution.
    """
    theta = checked(probabilities, name)
    same_rows(theta, labels)
    if (theta < 0).any() or not np.allclose(theta.sum(axis=1), 1.0, rtol=0, atol=1e-6):
        raise ValueError("rows of probabilities have to be distributions")
    hot = one_hot(labels.astype(np.int64))
    joint = hot.T @ theta / len(theta)
    of_source = joint.sum(axis=0)
    met = of_source > 0
    given = joint[:, met] / of_source[met]
    expected = ((hot @ given) * theta[:, met]).sum(axis=1)
    return float(np.log(np.clip(expected, _LEAST, 1.0)).mean())
