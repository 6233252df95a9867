"""One picture that somebody sent, in the form a model takes."""

import io
import warnings

import numpy as np
from numpy.typing import NDArray

from workers.engine.predict.predictor import refused
from workers.planning.pictures import picture_size
from workers.planning.try_inputs import MAX_PIXELS

Form = tuple[int | None, int | None, int | None]


def picture_decode(data: bytes, form: Form) -> tuple[NDArray[np.float32], str]:
    """`data` (PNG or JPEG) as float32 [channels, height, width] in 0–1, and what was done to it, "" for nothing.

    Turned as its EXIF note says; what is transparent is laid on white; scaled to `form` (channels, height, width) by averaging
    over the pixels that fall together, without regard to its proportions. None in `form` leaves that as it is.

    Raises:
        UserError: it cannot be decoded, has more pixels than are tried, or `form` has neither 1 nor 3 channels.
    """
    from PIL import Image, ImageOps

    channels, height, width = form
    if channels not in (None, 1, 3):
        raise refused(
            "picture_channels",
            f"The model takes pictures of {channels} channels; a PNG or JPEG has 1 or 3.",
            "input.image",
        )
    # SECURITY: the header's size decides how much memory decoding takes; it is looked at before anything else.
    size = picture_size(data)
    if size is None or size[0] * size[1] > MAX_PIXELS:
        raise refused("picture_unreadable", "The picture is not a PNG or JPEG of a size that is tried.", "input.image")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as opened:
                if opened.size != size:
                    raise ValueError("two sizes")
                whole = ImageOps.exif_transpose(opened)
                whole.load()
    except Exception as error:
        # A decoder of hostile bytes raises what it likes; for the person it is one thing.
        raise refused(
            "picture_unreadable", "The picture cannot be decoded. It is damaged or cut off.", "input.image"
        ) from error
    plain = _plain(whole, "L" if channels == 1 else "RGB")
    target = (width or plain.width, height or plain.height)
    note = ""
    if target != plain.size:
        note = f"The picture was scaled from {plain.width} × {plain.height} to {target[0]} × {target[1]} pixels, which the model takes."
        plain = plain.resize(target, Image.Resampling.BOX if target[0] <= plain.width else Image.Resampling.BILINEAR)
    pixels = np.asarray(plain, dtype=np.float32) / np.float32(255)
    return (pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))), note


def _plain(image: "Image", mode: str) -> "Image":  # type: ignore[name-defined]  # noqa: F821
    from PIL import Image as images

    if image.mode.startswith("I") or image.mode == "F":
        # 16 bits a pixel: cutting to 8 the library's way would make everything white.
        values = np.asarray(image, dtype=np.float64) / 65535 * 255
        image = images.fromarray(np.clip(values.round(), 0, 255).astype(np.uint8))
    if "A" in image.getbands() or "transparency" in image.info:
        seen = image.convert("RGBA")
        image = images.alpha_composite(images.new("RGBA", seen.size, "white"), seen)
    return image.convert(mode)
