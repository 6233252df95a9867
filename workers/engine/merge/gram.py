"""Inner products of the sources' vectors: norms, angles and means of whole tensors become arithmetic on an n × n matrix."""

import torch

from workers.engine.merge.step import MergeStep


def gram(step: MergeStep) -> torch.Tensor:
    """G_ij = x_i·x_j, x_i being source i minus the base (or itself without a base), flattened.

    A point Σ c_i·x_i has the squared norm cᵀGc and the product (Gc)_i with x_i: what moves among such points never touches
    the tensors again.

    Returns:
        float64 `[n, n]`, symmetric.

    Cost: one pass; a float64 stretch of each source.
    Determinism: products are added in float64 over stretches of 64 Ki elements, in order.
    """
    count = len(step.sources)
    sums = [[0.0] * count for _ in range(count)]
    for _, vectors in step.together():
        wide = [vector.double() for vector in vectors]
        for row in range(count):
            for column in range(row + 1):
                sums[row][column] += (wide[row] * wide[column]).sum().item()
    lower = torch.tensor(sums, dtype=torch.float64)
    return lower + lower.tril(-1).T
