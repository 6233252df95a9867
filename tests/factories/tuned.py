"""A base and fine-tunes of it, as files of numbers that lie close together. No torch."""

import json
import struct

import numpy as np

from hub.blobs.models import Blob
from hub.catalog.models import HeadEntry
from tests.factories.catalog import card, make_repo

SHAPES = {"layer.weight": (300, 64), "layer.bias": (64,), "head.weight": (10, 64)}


def weights(change: float = 0.0, *, shapes=SHAPES, seed: int = 1, dtype: str = "F32") -> bytes:
    """A base, or a fine-tune of it where `change` is not 0."""
    header, parts, place = {"__metadata__": {"format": "pt"}}, [], 0
    for number, (name, shape) in enumerate(shapes.items()):
        values = np.random.default_rng(number).standard_normal(shape)
        values = values * (1 + change * np.random.default_rng(seed + number).standard_normal(shape))
        parts.append(values.astype("<f4" if dtype == "F32" else "<f2").tobytes())
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [place, place + len(parts[-1])]}
        place += len(parts[-1])
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


def make_base(user, name="base", **rest):
    return make_repo(user, name, files={"model.safetensors": weights()}, **rest)


def make_tuned(user, name="tuned", *, content: bytes | None = None, base: str = "alice/base", **rest):
    files = {"model.safetensors": content or weights(1e-3), "README.md": card(base_model=base)}
    return make_repo(user, name, files=files, **rest)


def file_of(repo) -> Blob:
    return HeadEntry.objects.get(ref__repo=repo, path="model.safetensors").blob
