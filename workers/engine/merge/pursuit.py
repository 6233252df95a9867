"""Rows written as weighted sums of a few others: orthogonal matching pursuit, and the nearest neighbours."""

import torch


def pursue(
    targets: torch.Tensor, points: torch.Tensor, k: int, *, floor: float = 1e-8
) -> tuple[torch.Tensor, torch.Tensor]:
    """The k points that greedily explain each target, and their least-squares coefficients.

    In each round the point with the largest |⟨residual, point⟩| joins, and the residual becomes what the span of the points
    chosen so far leaves of the target:  r = x − QQᵀx, with QR = the chosen points, coefficients R⁻¹Qᵀx.

    Source: Pati, Rezaiifar, Krishnaprasad, "Orthogonal matching pursuit", Asilomar 1993; the lowest number wins among equals. A
    point that adds nothing new (its remainder is shorter than `floor` times its length) gets the coefficient 0.

    Args:
        targets: float `[n, d]`.
        points: the same dtype, `[N, d]`, N ≥ k.

    Returns:
        Numbers of points int64 `[n, k]`, coefficients float64 `[n, k]`.

    Cost: n·N·d·k multiplications; float64 `[n, d, k]`.
    """
    count, width = targets.shape
    wanted = targets.to(torch.float64)
    basis = torch.zeros((count, width, k), dtype=torch.float64)
    upper = torch.zeros((count, k, k), dtype=torch.float64)
    chosen = torch.zeros((count, k), dtype=torch.int64)
    taken = torch.zeros((count, len(points)), dtype=torch.bool)
    every = torch.arange(count)
    residual = wanted
    for round in range(k):
        fit = (residual.to(points.dtype) @ points.T).abs().masked_fill_(taken, -1.0)
        best = fit.argmax(1)
        chosen[:, round] = best
        taken[every, best] = True
        point = points[best].to(torch.float64)
        before = basis[:, :, :round]
        # Twice: what rounding leaves of the others' directions is taken out as well.
        along = torch.einsum("ndj,nd->nj", before, point)
        rest = point - torch.einsum("ndj,nj->nd", before, along)
        again = torch.einsum("ndj,nd->nj", before, rest)
        rest = rest - torch.einsum("ndj,nj->nd", before, again)
        length = rest.norm(dim=1)
        is_new = length > floor * point.norm(dim=1).clamp(min=floor)
        upper[:, :round, round] = along + again
        upper[:, round, round] = torch.where(is_new, length, torch.ones_like(length))
        basis[:, :, round] = torch.where(
            is_new[:, None], rest / length.clamp(min=1e-300)[:, None], torch.zeros_like(rest)
        )
        residual = wanted - torch.einsum("ndj,nj->nd", basis, torch.einsum("ndj,nd->nj", basis, wanted))
    inside = torch.einsum("ndj,nd->nj", basis, wanted)
    weights = torch.linalg.solve_triangular(upper, inside[:, :, None], upper=True)[:, :, 0]
    return chosen, weights


def nearest(
    targets: torch.Tensor, points: torch.Tensor, k: int, *, by_angle: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """The k points nearest to each target, with weights that fall with distance: 1/max(δ, 1e-6), or the cosine; summing to 1.

    Args:
        targets: float `[n, d]`.
        points: the same dtype, `[N, d]`, N ≥ k.
        by_angle: nearness is the cosine.

    Returns:
        Numbers of points int64 `[n, k]`, weights float64 `[n, k]`. A sum of weights below 1e-6 counts as that.
    """
    if by_angle:
        lengths = targets.norm(dim=1)[:, None] * points.norm(dim=1)[None, :]
        nearness = (targets @ points.T) / lengths.clamp(min=1e-6)
        best, chosen = nearness.topk(k, dim=1)
        weights = best.to(torch.float64)
    else:
        distances = torch.cdist(targets.to(torch.float64), points.to(torch.float64))
        best, chosen = distances.topk(k, dim=1, largest=False)
        weights = 1.0 / best.clamp(min=1e-6)
    return chosen, weights / weights.sum(1, keepdim=True).clamp(min=1e-6)
