"""WIDEN: how much each column changed in length and in direction decides how much of it goes in."""

from collections.abc import Sequence

import torch

from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """Merging by weight disentanglement.

    A matrix W `[out, in]` has column lengths m_j = ‖W_:j‖ and directions W_:j / m_j. For source i and column j
    Δm_ij = |m_ij − m⁰_j| and Δd_ij = 1 − cos(W_i:j, W⁰_:j). Both are replaced by their rank within the source, ascending, over
    the number of columns;  s = softmax of the ranks over the sources, and `calibration` where a rank is above `ratio` times
    the source's mean rank;  θ = b + λ·Σ ½·(s^m_ij + s^d_ij)·τ_i:j.
    Other tensors: the same scoring on |τ_i| entry by entry, without ranks.

    Source: Yu et al. 2024, "Extend model merging from fine-tuned to pre-trained large language models via weight
        disentanglement", arXiv:2408.03092, section 4; equal ranks and the comparison with the mean are those of its code.
        Deviations: a column of length zero, which has no direction, counts as turned by Δd = 0 while it stays zero and by 1
        otherwise (NaN there); λ is ours (1 is published).

    Args:
        step: a base and n ≥ 1 sources. Parameters: `ratio`, `calibration`, `lambda`, and from the plan `embedding`: a table of
            embeddings is transposed first, so that each token's row is a column.

    Returns:
        `[N]` in the step's dtype.

    Raises:
        ValueError: the plan has no base.

    Cost: the tensors in float32, a few passes.
    Determinism: lengths and products are summed in float64 by columns; ranks are by a stable sort.
    """
    if step.base is None:
        raise ValueError(f"{step.name}: WIDEN measures changes from a base, and the plan has none.")
    base, scale = step.base, float(step.parameters["lambda"])
    columns = 1 if step.parameters.get("embedding") else 0

    def change(vectors: list[torch.Tensor]) -> torch.Tensor:
        if len(step.shape) == 2:
            origin = base.view(step.shape)
            lengths, turns = zip(*(differences(origin, vector, columns) for vector in vectors), strict=True)
            scores = (_scores(step, _ranks(lengths)) + _scores(step, _ranks(turns))).mul_(0.5)
            scores = scores.unsqueeze(1 + columns).to(step.maths)
        else:
            scores = _scores(step, torch.stack([vector.abs() for vector in vectors]))
        merged = vectors[0].mul_(scores[0])
        for vector, score in zip(vectors[1:], scores[1:], strict=True):
            merged.add_(vector.mul_(score))
        return merged.mul_(scale)

    return step.combine_whole(change)


def differences(origin: torch.Tensor, delta: torch.Tensor, columns: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(Δm, Δd) of every column, float64. `columns` is the axis along which a column runs."""
    before = origin.double()
    after = before + delta
    lengths = before.norm(dim=columns), after.norm(dim=columns)
    cosine = (before * after).sum(dim=columns) / (lengths[0] * lengths[1])
    # Without a direction: it has not turned where it still has none.
    cosine = torch.where(lengths[0] * lengths[1] > 0, cosine, (lengths[0] == lengths[1]).double())
    return (lengths[1] - lengths[0]).abs(), 1.0 - cosine


def _ranks(differences: Sequence[torch.Tensor]) -> torch.Tensor:
    """Each row's ranks over its length, `[n, columns]`: 0 for the smallest, the lower column first among equals."""
    rows = torch.stack(list(differences))
    order = rows.argsort(dim=1, stable=True)
    positions = torch.arange(rows.shape[1], dtype=torch.float64) / max(rows.shape[1], 1)
    return torch.zeros_like(rows).scatter_(1, order, positions.expand_as(rows))


def _scores(step: MergeStep, significance: torch.Tensor) -> torch.Tensor:
    """softmax over the sources; `calibration` where a source's significance is above `ratio` times its own mean."""
    flat = significance.reshape(len(significance), -1)
    mean = flat.double().mean(dim=1, keepdim=True).to(flat.dtype)
    above = flat > mean * float(step.parameters["ratio"])
    scores = torch.softmax(flat, dim=0).masked_fill_(above, float(step.parameters["calibration"]))
    return scores.view(significance.shape)
