"""NCE: negative conditional entropy of the labels, given the class that the model chooses."""

import numpy as np
from numpy.typing import NDArray

from workers.engine.transfer.checks import checked, same_rows


def nce(probabilities: NDArray[np.floating], labels: NDArray[np.integer], *, name: str = "The model") -> float:
    """`−H(Y|Z) = Σ P(y,z) ln P(y|z)` over counts, where z is the class with the highest probability (the first among equals).

    Source: Tran, Nguyen and Hassner 2019, arXiv:1908.08142, eq. 4.

    Args:
        probabilities: [n, source classes]; only which is highest counts.
        labels: [n], integers.
        name: the model's, for messages.

    Returns:
        nats, at most 0; 0 when the chosen class settles the label.

    Raises:
        UserError: a probability is not finite.
        ValueError: shapes differ.
    """
    theta = checked(probabilities, name)
    same_rows(theta, labels)
    classes, target = np.unique(labels, return_inverse=True)
    counts = np.zeros((theta.shape[1], len(classes)))
    np.add.at(counts, (theta.argmax(axis=1), target), 1.0)
    rows = counts.sum(axis=1, keepdims=True)
    given = np.divide(counts, rows, out=np.ones_like(counts), where=counts > 0)
    return float((counts * np.log(given)).sum() / len(theta)) + 0.0
