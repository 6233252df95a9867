"""Brings pictures into the form that a model takes, where the definition says how. Without a word of it nothing is stretched or cut."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workers.engine.predict.predictor import Predictor, refused

FITS = ("stretch", "crop")
# Weights of red, green and blue in the brightness of a picture: ITU-R BT.601.
_LUMA = (0.299, 0.587, 0.114)
Picture = NDArray[np.float32]


def fitted(batch: dict[str, Any], predictor: Predictor, options: Mapping[str, Any]) -> dict[str, Any]:
    """`batch` with its pictures in the form that `predictor` takes, float32 `[b, c, h, w]`, when `options["fit"]` says how.

    stretch: both sides to the model's, whatever the proportions; crop: the picture is scaled until it just covers the
    model's square, and what stands over is cut off at both ends alike. Both bilinear, with antialiasing when they shrink.
    Grey becomes colour by repetition, colour becomes grey by its brightness (BT.601).

    Raises:
        UserError: another word than these, or a model that does not say which size it takes.
    """
    fit = options.get("fit")
    if fit is None or "image" not in batch:
        return batch
    if fit not in FITS:
        raise refused("option_invalid", f"The option fit must be {' or '.join(FITS)}.", "data.options.fit")
    channels, height, width = predictor.image_form
    if channels is None or height is None or width is None:
        raise refused("image_shape", f"{predictor.name} does not say which size of pictures it takes. Leave fit out.")
    pictures = [_sized(_coloured(picture, channels), (height, width), fit) for picture in batch["image"]]
    return {**batch, "image": np.stack(pictures)}


def _coloured(picture: Picture, channels: int) -> Picture:
    held = picture.shape[0]
    if held == channels:
        return picture
    if held == 1:
        return np.repeat(picture, channels, axis=0)
    if held == 3 and channels == 1:
        weights = np.array(_LUMA, dtype=np.float32)[:, None, None]
        return np.asarray((picture * weights).sum(axis=0, keepdims=True), dtype=np.float32)
    raise refused("image_shape", f"A picture of {held} channels cannot be turned into one of {channels}.", "data")


def _sized(picture: Picture, size: tuple[int, int], fit: str) -> Picture:
    height, width = picture.shape[1:]
    if (height, width) == size:
        return picture
    target = size
    if fit == "crop":
        scale = max(size[0] / height, size[1] / width)
        target = (max(size[0], round(height * scale)), max(size[1], round(width * scale)))
    resized = torch.nn.functional.interpolate(
        torch.from_numpy(np.ascontiguousarray(picture))[None],
        size=target,
        mode="bilinear",
        align_corners=False,
        antialias=True,
    )[0].numpy()
    top, left = (target[0] - size[0]) // 2, (target[1] - size[1]) // 2
    return np.asarray(resized[:, top : top + size[0], left : left + size[1]].clip(0, 1))
