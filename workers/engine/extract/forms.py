"""The forms in which a change is stored: whole, its largest entries, its strongest directions, its signs."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from kernels.select import Trimmer, count_of, magnitude_bits, sample_stride, threshold
from workers.engine.extract.directions import strongest
from workers.engine.io.deltas import pack, pack_bits
from workers.engine.merge.step import REDUCTION, stretches
from workers.planning.deltas import bits_of

Parts = dict[str, torch.Tensor]


def dense(delta: torch.Tensor, dtype: torch.dtype) -> Parts:
    """τ in `dtype`."""
    return {"": delta.to(dtype)}


def sparse(delta: torch.Tensor, density: float, dtype: torch.dtype) -> Parts:
    """The k = max(1, ⌊d·N⌋) entries of largest magnitude, lowest flat index first among equals; without those that are zero.

    Their places are a mask of N bits, or ⌈log2 N⌉ bits each, whichever is shorter.

    Args:
        delta: τ, float32 or float64.
        density: d in (0, 1].
    """
    flat = delta.flatten()
    size = flat.numel()
    keep = count_of(density, size)
    if keep < size:
        integer = torch.int32 if flat.dtype == torch.float32 else torch.int64
        bits = magnitude_bits(flat, torch.empty(size, dtype=integer)).numpy()
        limit = threshold(lambda: [bits], bits[:: sample_stride(size)], size, keep)
        flat = Trimmer(limit).trim(flat, torch.empty_like(flat))
    mask = flat != 0
    places = torch.nonzero(mask).flatten()
    width = bits_of(size)
    short = {"mask": pack_bits(mask)} if size <= len(places) * width else {"indices": pack(places.numpy(), width)}
    return {"values": flat[places].to(dtype), **short}


def low_rank(delta: torch.Tensor, options: Mapping[str, Any], name: str, seed: int, dtype: torch.dtype) -> Parts | None:
    """τ ≈ L·R with L = U·√S and R = √S·Vᵀ of its strongest directions; None where that takes no less than τ itself.

    The first axis makes the rows, all others the columns. With S on both sides neither factor leaves the range of half precision.
    """
    if delta.dim() < 2:
        return None
    matrix = delta.reshape(delta.shape[0], -1)
    left, values, right = strongest(matrix, options, name, seed)
    root = values.sqrt()
    if len(values) * sum(matrix.shape) >= matrix.numel():
        return None
    return {"left": (left * root).to(dtype), "right": (root[:, None] * right.mT).to(dtype)}


def one_bit(delta: torch.Tensor) -> Parts:
    """sign(τ)·α with α = Σ|τ| / N, which is the nearest such tensor. A zero counts as negative.

    Source: Liu et al. 2024, "BitDelta: Your Fine-Tune May Only Be Worth One Bit", arXiv:2402.10193, equations 2 and 3, without
        their training of the scales.
    """
    total = math.fsum(float(part.abs().sum()) for part in _stretches(delta))
    return {"signs": pack_bits(delta > 0), "scale": torch.tensor(total / delta.numel(), dtype=torch.float32)}


def bytes_of_parts(parts: Parts) -> int:
    return sum(part.numel() * part.element_size() for part in parts.values())


def norm_of(tensor: torch.Tensor) -> float:
    """Frobenius, in float64, in stretches and order."""
    return math.sqrt(math.fsum(float(torch.dot(part, part)) for part in _stretches(tensor)))


def _stretches(tensor: torch.Tensor) -> Iterator[torch.Tensor]:
    flat = tensor.flatten()
    return (flat[start:stop].double() for start, stop in stretches(flat.numel(), REDUCTION))
