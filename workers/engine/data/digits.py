"""scikit-learn's digits as four domains. The same examples stand in the same split of every domain, so that answers pair up.

The draws come from numpy's `RandomState`, whose stream is frozen: every machine gets the same splits and the same noise.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from sklearn.datasets import load_digits

from workers.engine.data.drawing import SHARES, class_rows, split_rows

DOMAINS = ("clean", "rotated", "shifted", "noisy")
SPLITS = SHARES
ROTATION_DEGREES = 30.0
SHIFT_PIXELS = 1
NOISE_SIGMA = 0.3


@cache
def _digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    digits = load_digits()
    return (digits.images / 16.0).astype(np.float32), digits.target.astype(np.int64)


@cache
def split_indices(split: str) -> NDArray[np.int64]:
    """Rows of `split` in ascending order, cut class by class so that each split holds every digit in proportion."""
    return split_rows(split, class_rows(_digits()[1]))


@cache
def domain_images(domain: str) -> NDArray[np.float32]:
    """All 1797 images of `domain`, float32 `[n, 8, 8]` in 0-1."""
    images, _ = _digits()
    if domain == "clean":
        return images
    if domain == "rotated":
        moved = ndimage.rotate(images, ROTATION_DEGREES, axes=(2, 1), reshape=False, order=1)
    elif domain == "shifted":
        moved = ndimage.shift(images, (0, 0, SHIFT_PIXELS), order=0)
    elif domain == "noisy":
        moved = images + np.random.RandomState(1).normal(0.0, NOISE_SIGMA, images.shape)
    else:
        raise KeyError(domain)
    clipped: NDArray[np.float32] = np.clip(moved, 0.0, 1.0).astype(np.float32)
    return clipped


def domain_split(domain: str, split: str) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """`images` float32 `[n, 1, 8, 8]`, `labels` int64 `[n]`, `index` int64 `[n]` into the original digits."""
    index = split_indices(split)
    return np.ascontiguousarray(domain_images(domain)[index][:, None]), _digits()[1][index], index
