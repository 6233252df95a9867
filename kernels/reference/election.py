"""Sign election: the sources vote on each entry's direction; only those that agree are summed."""

from __future__ import annotations

from collections.abc import Sequence

from kernels.late import torch


def elect(
    deltas: Sequence[torch.Tensor],
    weights: Sequence[float],
    *,
    normalize: bool,
    out: torch.Tensor,
    scratch: Sequence[torch.Tensor],
    raw: bool = False,
    count: bool = False,
) -> tuple[torch.Tensor, float]:
    """Sums, per entry, the weighted deltas whose sign won the vote.

    v_i = w_i·δ_i;  s = +1 where Σ v_i ≥ 0, else −1;  A_i = [v_i·s > 0];  m = Σ A_i·v_i;  D = Σ A_i·w_i
    result = m / (D where D ≠ 0, else 1) when `normalize`, else m. A zero sum elects +; a zero entry agrees with nobody.

    Source: Yadav et al. 2023, arXiv:2306.01708, section 3, steps "elect" and "disjoint merge". Deviations: the vote counts
        weighted deltas, and the mean divides by the sum of the weights that agree (for equal weights: their number).

    Args:
        deltas: n trimmed task vectors δ_i, each `[chunk]`, float32 or float64. They are left as they are.
        weights: w_i, any sign.
        normalize: divide by the sum of the weights that agree.
        out: `[chunk]`, receives the result.
        scratch: three buffers `[chunk]` of the same dtype, overwritten.
        raw: the deltas vote without their weights, as in the paper: s = sign of Σ δ_i, A_i = [δ_i·s > 0].
        count: D is the number of those that agree, as in the paper.

    Returns:
        `out`, and the number of (source, entry) pairs that agreed.

    Cost: nothing beyond the buffers; reads every delta twice.
    Determinism: sums run in the order of `deltas`.
    """
    total, agreeing, vote = scratch
    voices = [1.0] * len(weights) if raw else weights
    torch.mul(deltas[0], voices[0], out=total)
    for delta, weight in zip(deltas[1:], voices[1:], strict=True):
        total.add_(delta if weight == 1.0 else torch.mul(delta, weight, out=vote))
    # Adding +0 turns -0 into +0, so that the sign of a zero sum is + under copysign as well.
    sign = torch.copysign(torch.ones((), dtype=total.dtype, device=total.device), total.add_(0.0), out=total)
    out.zero_()
    agreeing.zero_()
    agreed = 0.0
    for delta, weight in zip(deltas, weights, strict=True):
        # v·s > 0 exactly where v has the elected sign; multiplying by ±1 and back is exact.
        torch.mul(delta, sign, out=vote)
        if weight != 1.0 and not raw:
            vote.mul_(weight)
        vote.clamp_min_(0.0)
        out.add_(vote * weight if raw and weight != 1.0 else vote)
        vote.gt_(0.0)
        agreed += vote.sum().item()
        agreeing.add_(vote if weight == 1.0 or count else vote.mul_(weight))
    out.mul_(sign)
    if normalize:
        out.div_(_divisor(agreeing, [1.0] if count else weights))
    return out, agreed


def _divisor(agreeing: torch.Tensor, weights: Sequence[float]) -> torch.Tensor:
    """D with its exact zeros replaced by one. With positive weights a clamp does it: the smallest non-zero D is one weight."""
    smallest = min(weights)
    if smallest > 0:
        # The weight as this dtype rounds it: a D made of that weight alone must stay as it is.
        return agreeing.clamp_min_(torch.tensor(smallest, dtype=agreeing.dtype).item())
    return agreeing.masked_fill_(agreeing == 0, 1.0)
