"""Turns a batch of examples into what a model's forward takes: pixels in the form its config names, or tokens."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from workers.engine.predict.modules import read_json
from workers.engine.predict.predictor import Batch, refused

PREPROCESSOR = "preprocessor_config.json"


class Pixels:
    """Pictures `[c, h, w]` in 0-1 as `pixel_values` float32 `[b, c, h, w]`.

    Where the entry has a preprocessor_config.json that says so, `(x - image_mean) / image_std` per channel. Pictures are never
    stretched or cut to fit: a benchmark has one size.
    """

    def __init__(self, folder: Path, config: Any, name: str) -> None:
        self.name = name
        size = getattr(config, "image_size", None)
        height, width = (size, size) if isinstance(size, int) else (size or (None, None))
        self.wanted = (getattr(config, "num_channels", None), height, width)
        self.mean, self.std = self._scale(folder)

    def __call__(self, batch: Batch) -> dict[str, torch.Tensor]:
        images = batch["image"]
        if not isinstance(images, np.ndarray):
            shapes = sorted({np.shape(image) for image in images})
            if len(shapes) > 1:
                listed = " and ".join(" × ".join(map(str, shape)) for shape in shapes[:2])
                raise refused("image_shape", f"The data holds pictures of different sizes: {listed}.", "data")
            images = np.stack(images)
        pixels = torch.from_numpy(np.ascontiguousarray(images, dtype=np.float32))
        self.check(tuple(pixels.shape[1:]))
        if self.mean is not None and self.std is not None:
            pixels = (pixels - self.mean) / self.std
        return {"pixel_values": pixels}

    def check(self, given: Sequence[int], data_name: str = "the data") -> None:
        """Raises UserError when pictures of `given` form (c, h, w) do not go into the model."""
        if len(given) != 3 or any(
            want is not None and want != have for want, have in zip(self.wanted, given, strict=True)
        ):
            form = " × ".join("any" if want is None else str(want) for want in self.wanted)
            message = f"{self.name} takes images of {form} (channels × height × width); {data_name} has {' × '.join(map(str, given))}."
            raise refused("image_shape", message)

    def _scale(self, folder: Path) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        if not (folder / PREPROCESSOR).is_file():
            return None, None
        document = read_json(folder / PREPROCESSOR)
        mean, std = document.get("image_mean"), document.get("image_std")
        if not document.get("do_normalize") or mean is None or std is None:
            return None, None
        try:
            tensors = [torch.tensor(values, dtype=torch.float32).view(-1, 1, 1) for values in (mean, std)]
        except (TypeError, ValueError, RuntimeError) as error:
            raise refused(
                "config_unreadable", f"image_mean or image_std of {self.name} is no list of numbers."
            ) from error
        channels = self.wanted[0]
        if bool((tensors[1] <= 0).any()) or any(
            channels is not None and len(item) not in (1, channels) for item in tensors
        ):
            raise refused("config_unreadable", f"image_mean and image_std of {self.name} do not fit its channels.")
        return tensors[0], tensors[1]


class Texts:
    """Texts (or pairs) as `input_ids` and `attention_mask` int64 `[b, t]`, padded on the right, cut at the model's length.

    `cut` is called when a text was longer than that.
    """

    def __init__(self, tokenizer: Any, length: int, cut: Callable[[], None]) -> None:
        self.tokenizer, self.length, self.cut = tokenizer, length, cut

    def __call__(self, batch: Batch) -> dict[str, torch.Tensor]:
        pairs = batch.get("text_pair")
        texts = list(batch["text"])
        encoded = self.tokenizer(
            texts, list(pairs) if pairs is not None else None, padding=True, truncation=True, max_length=self.length,
            padding_side="right", return_tensors="pt",
        )  # fmt: skip
        if any(row.overflowing for row in encoded.encodings or ()):
            self.cut()
        return {key: encoded[key] for key in ("input_ids", "attention_mask", "token_type_ids") if key in encoded}


def on_device(inputs: Mapping[str, torch.Tensor], device: str, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Moved to `device`; floating tensors in the model's `dtype`."""
    return {key: value.to(device, dtype if value.is_floating_point() else None) for key, value in inputs.items()}
