"""The examples of a search in an order of its own, so that a share of them is a fair draw and a larger share holds the smaller."""

from math import ceil

import numpy as np

from workers.engine.evaluate.batches import Chosen, Measured


def share_of(examples: Measured, share: float, seed: int) -> Measured:
    """⌈share·n⌉ of the examples, in the order of the data: the first of a permutation that the seed decides. All of them as they are."""
    count = min(len(examples), ceil(share * len(examples) - 1e-9))
    if count == len(examples):
        return examples
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(examples))
    return Chosen(examples, np.sort(order[:count]))
