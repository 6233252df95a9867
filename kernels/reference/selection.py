"""How magnitudes are spread, and where the ties of one of them lie: what an exact cut is found from."""

from __future__ import annotations

from kernels.late import torch
from kernels.reference.changes import magnitudes

LOWER_BITS = 15
UPPER, LOWER = 1 << 16, 1 << LOWER_BITS


def magnitude_counts(base: torch.Tensor | None, source: torch.Tensor, upper: int | None = None) -> torch.Tensor:
    """A histogram of the float32 patterns of |θ − b|, which have 31 bits.

    Args:
        base: `[n]`, or None for |θ| itself. source: `[n]`, any floating format and stride.
        upper: None counts the upper 16 bits; a number counts the lower 15 bits of those with these upper bits.

    Returns:
        int64 `[65536]` or `[32768]`, on the source's device.

    Determinism: counts are whole numbers; the order of work does not matter.
    """
    bits = magnitudes(_change(base, source))
    if upper is None:
        return torch.bincount(bits >> LOWER_BITS, minlength=UPPER)
    return torch.bincount(bits[bits >> LOWER_BITS == upper] & (LOWER - 1), minlength=LOWER)


def place_of(base: torch.Tensor | None, source: torch.Tensor, bits: int, wanted: int) -> int:
    """The flat index of the `wanted`-th entry, counted from 1, whose magnitude has this pattern; −1 for none.

    Raises:
        ValueError: there are not so many.
    """
    if wanted == 0:
        return -1
    places = (magnitudes(_change(base, source)) == bits).nonzero().flatten()
    if wanted > len(places):
        raise ValueError(f"There are {len(places)} entries of this magnitude, not {wanted}.")
    return int(places[wanted - 1])


def row_ranks(base: torch.Tensor | None, source: torch.Tensor, columns: int) -> torch.Tensor:
    """The rank of |θ − b| among the C entries of its row, 0 for the smallest; equal magnitudes rank by place.

    Args:
        base, source: `[n]` with n a multiple of `columns`.

    Returns:
        int32 `[n]`.
    """
    size = source.numel()
    if size == 0:
        return torch.empty(0, dtype=torch.int32, device=source.device)
    order = magnitudes(_change(base, source)).view(-1, columns).argsort(dim=1, stable=True)
    ranks = torch.arange(columns, dtype=torch.int32, device=source.device).expand_as(order)
    return torch.empty_like(order, dtype=torch.int32).scatter_(1, order, ranks).flatten()


def _change(base: torch.Tensor | None, source: torch.Tensor) -> torch.Tensor:
    return source.float() if base is None else source.float() - base.float()
