"""Reads labelled images: `data/<split>.safetensors` of a dataset repo, or the digits that every worker carries.

Tensors: `images` float32 `[n, channels, height, width]` scaled to 0-1, `labels` int64 `[n]`, `index` int64 `[n]` (optional:
the example's number in its collection).
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding

BUILTIN_DIGITS = "builtin:digits"


@dataclass(frozen=True)
class Examples:
    """`images` float32 `[n, c, h, w]`, `labels` and `index` int64 `[n]`, in the order of the file."""

    images: torch.Tensor
    labels: torch.Tensor
    index: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def size_bytes(self) -> int:
        return sum(tensor.numel() * tensor.element_size() for tensor in (self.images, self.labels, self.index))

    def head(self, limit: int | None) -> "Examples":
        return self if limit is None else Examples(self.images[:limit], self.labels[:limit], self.index[:limit])


def load_examples(folder: Path, split: str, *, reference: str) -> Examples:
    """Reads one split and checks it. `reference` is how the recipe names the dataset: `builtin:digits` reads no folder.

    Raises:
        UserError: no such split, an unreadable file, a missing or misshaped tensor, a value that is no number.
    """
    if reference == BUILTIN_DIGITS:
        from workers.engine.digits import domain_split

        return Examples(*(torch.from_numpy(array) for array in domain_split("clean", split)))
    path = folder / "data" / f"{split}.safetensors"
    if not path.is_file():
        raise _refused("split_missing", f"{reference} has no split {split}: there is no data/{split}.safetensors.")
    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise _refused(
            "data_unreadable", f"data/{split}.safetensors of {reference} is not a safetensors file."
        ) from error
    return _checked(tensors, f"{split} of {reference}")


def _checked(tensors: dict[str, torch.Tensor], what: str) -> Examples:
    missing = [name for name in ("images", "labels") if name not in tensors]
    if missing:
        raise _refused("data_incomplete", f"The split {what} lacks the tensor {' and '.join(missing)}.")
    images, labels = tensors["images"], tensors["labels"]
    index = tensors.get("index", torch.arange(len(labels)))
    if images.ndim != 4 or images.dtype != torch.float32:
        raise _refused(
            "data_shape", f"images in {what} must be float32 [n, channels, height, width], not {_form(images)}."
        )
    if labels.ndim != 1 or labels.dtype != torch.int64 or not len(images) == len(labels) == len(index):
        raise _refused("data_shape", f"labels in {what} must be int64 with one row per image, not {_form(labels)}.")
    if len(labels) == 0:
        raise _refused("data_empty", f"The split {what} holds no examples.")
    broken = int((~torch.isfinite(images)).flatten(1).any(dim=1).sum())
    if broken:
        raise _refused("data_not_finite", f"{broken} of {len(images)} images in {what} hold NaN or infinity.")
    return Examples(images, labels, index.to(torch.int64))


def _form(tensor: torch.Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def _refused(code: str, message: str) -> UserError:
    return UserError(message, (Finding(code=code, severity="error", message=message, where="data", stage="run"),))
