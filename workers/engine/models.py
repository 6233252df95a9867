"""Image classifiers as torch modules, for those who train or look inside. Whoever wants answers uses `workers.engine.predict.load`."""

from pathlib import Path

import torch

from workers.engine.predict.adapters import load_adapted as _load_adapted
from workers.engine.predict.inputs import Pixels
from workers.engine.predict.modules import head_wanted, load_module, read_json, transformers_quietly
from workers.engine.predict.predictor import refused

__all__ = ["check_images", "load_adapted", "load_classifier", "read_json", "refused", "transformers_quietly"]
_TASK = "image-classification"


def load_classifier(folder: Path, *, name: str) -> torch.nn.Module:
    """The image classifier in `folder`, in float32 and evaluation mode. Raises as `load_module` does."""
    return load_module(folder, head=head_wanted(folder, _TASK, name), name=name)


def load_adapted(base_folder: Path, adapter_folder: Path, *, name: str) -> torch.nn.Module:
    """The adapter in `adapter_folder` on the image classifier in `base_folder`, in evaluation mode."""
    return _load_adapted(base_folder, adapter_folder, task=_TASK, name=name)


def check_images(model: torch.nn.Module, images: torch.Tensor, *, model_name: str, data_name: str) -> None:
    """Raises UserError when `images` `[n, c, h, w]` cannot go into `model`, judged by its config."""
    Pixels(Path(), model.config, model_name).check(tuple(images.shape[1:]), data_name)
