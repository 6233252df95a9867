"""ELECTED changes: of each source's change the largest entries, and of those only the ones whose sign the sources agree on."""

from collections.abc import Sequence

import torch

from workers.engine.merge.learning.coefficients import Take
from workers.engine.merge.sparsify import magnitude
from workers.engine.merge.step import MergeStep


def elected(step: MergeStep) -> Take:
    """v_i = the `density` largest entries of τ_i;  s = sign(Σ v_i), a zero sum elects +;  v_i·[v_i·s > 0].

    Given stretch after stretch from the first entry on; one walk for each `elected`.
    """
    keepers = magnitude(step)
    for keeper in keepers:
        keeper.restart()
    outs = [step.buffer() for _ in keepers]

    def take(vectors: Sequence[torch.Tensor], start: int) -> Sequence[torch.Tensor]:
        kept = [
            keeper.take(vector, start, out[: vector.numel()])
            for keeper, vector, out in zip(keepers, vectors, outs, strict=True)
        ]
        sign = torch.stack(kept).sum(dim=0).sign()
        sign[sign == 0] = 1.0
        return [torch.where(vector * sign > 0, vector, 0.0) for vector in kept]

    return take


def elected_whole(step: MergeStep) -> list[torch.Tensor]:
    """As `elected`, whole tensors `[N]`."""
    take = elected(step)
    found = [torch.empty(step.elements, dtype=step.maths) for _ in step.sources]
    for start, vectors in step.together():
        for whole, vector in zip(found, take(vectors, start), strict=True):
            whole[start : start + vector.numel()] = vector
    return found
