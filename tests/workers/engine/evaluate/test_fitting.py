"""Pictures brought into the form of a model, against Pillow."""

import numpy as np
import pytest
from PIL import Image

from tests.workers.engine.evaluate.scripted import Scripted
from workers.contracts.errors import UserError
from workers.engine.evaluate.fitting import fitted


class Looking(Scripted):
    def __init__(self, *form):
        super().__init__()
        self.form = form

    @property
    def image_form(self):
        return self.form


def picture(channels, height, width, seed=0):
    return np.random.default_rng(seed).random((channels, height, width), dtype=np.float32)


def fit(held, form, how="stretch"):
    return fitted({"image": held}, Looking(*form), {"fit": how})["image"]


def pillow(plane, size):
    return np.asarray(Image.fromarray(plane).resize(size[::-1], Image.Resampling.BILINEAR))


@pytest.mark.parametrize("size", [(8, 8), (5, 9), (40, 30)])
def test_stretching_is_that_of_pillow(size):
    held = picture(3, 17, 23)
    found = fit([held], (3, *size))[0]
    for plane, expected in zip(found, held, strict=True):
        assert plane == pytest.approx(pillow(expected, size), abs=2e-3)


def test_cropping_keeps_the_middle_and_the_proportions():
    held = picture(1, 20, 40)
    assert fit([held], (1, 20, 20), "crop")[0] == pytest.approx(held[:, :, 10:30])
    assert fit([held], (1, 10, 10), "crop")[0, 0] == pytest.approx(pillow(held[0], (10, 20))[:, 5:15], abs=2e-3)


def test_pictures_of_many_sizes_become_one_array():
    found = fit([picture(1, 9, 4), picture(3, 30, 30), picture(3, 8, 8)], (3, 8, 8))
    assert found.shape == (3, 3, 8, 8)
    assert found.dtype == np.float32
    assert np.array_equal(found[2], picture(3, 8, 8))
    assert np.array_equal(found[0][0], found[0][2]), "grey is repeated"


def test_colour_becomes_grey_by_its_brightness():
    held = np.ones((3, 4, 4), dtype=np.float32) * np.array([1, 0.5, 0], dtype=np.float32)[:, None, None]
    assert fit([held], (1, 4, 4))[0] == pytest.approx(np.full((1, 4, 4), 0.299 + 0.587 / 2))


def test_without_a_word_nothing_is_touched():
    batch = {"image": [picture(1, 9, 4)]}
    assert fitted(batch, Looking(3, 8, 8), {}) is batch


@pytest.mark.parametrize(
    ("form", "how", "code"),
    [
        ((3, 8, 8), "squeeze", "option_invalid"),
        ((3, None, None), "crop", "image_shape"),
        ((4, 8, 8), "crop", "image_shape"),
    ],
)
def test_what_cannot_be_fitted_is_refused(form, how, code):
    with pytest.raises(UserError) as caught:
        fit([picture(3, 9, 9)], form, how)
    assert [finding.code for finding in caught.value.findings] == [code]
