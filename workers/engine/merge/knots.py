"""KnOTS: turn all changes into one set of axes, and merge them there."""

import importlib
from dataclasses import replace

import torch

from kernels.raw import format_of, tensor_of
from workers.contracts.methods import method_get
from workers.engine.merge.measures import Measures
from workers.engine.merge.step import MergeStep

NEGLIGIBLE = 1e-5  # singular values up to here are left out


def merge(step: MergeStep) -> torch.Tensor:
    """Aligns the task vectors by one decomposition of all of them, then runs another method on the aligned parts.

    [τ_1 | … | τ_n] = U·Σ·[V_1ᵀ | … | V_nᵀ], directions with σ ≤ 10⁻⁵ left out;  M = the inner method's merge of the Σ·V_iᵀ;
    θ = b + U·M. The inner method is TIES, DARE TIES or task arithmetic with its own presets but for `weight`, `density` and
    `lambda`. Tensors that are not matrices have no axes: the inner method merges their τ_i as they are.

    Source: Stoica et al. 2025, "Model merging with SVD to tie the KnOTS", arXiv:2410.19735, section 4, equations 3 to 5. The
        paper merges adapters, whose changes are all matrices.

    Args:
        step: a base and n ≥ 1 sources. Parameters: `inner`, and for it `weight` and `density` per source, `lambda`.

    Returns:
        `[N]` in the step's dtype.

    Cost: the eigenvectors of a Gram matrix of the smaller side of [τ_1 | … | τ_n], in float64, and the inner method.
    Determinism: LAPACK in float64 with one thread; the sign of an axis turns all parts alike, and back.
    """

    def aligned(vectors: list[torch.Tensor]) -> torch.Tensor:
        is_matrix = len(step.shape) == 2 and min(step.shape) > 0
        if not is_matrix or not all(bool(vector.isfinite().all()) for vector in vectors):
            return _inner(step, vectors).to(step.maths)
        wide = [vector.double() for vector in vectors]
        axes = axes_of(wide)
        if not axes.shape[1]:
            return vectors[0].zero_()
        return (axes @ _inner(step, [axes.mT @ vector for vector in wide])).to(step.maths)

    return step.combine_whole(aligned)


def axes_of(vectors: list[torch.Tensor]) -> torch.Tensor:
    """U `[m, r]`: the left singular vectors of [τ_1 | … | τ_n] with σ > 10⁻⁵, the largest first."""
    rows, columns = vectors[0].shape
    if rows <= len(vectors) * columns:
        gram = vectors[0] @ vectors[0].mT
        for vector in vectors[1:]:
            gram.addmm_(vector, vector.mT)
        squares, axes = torch.linalg.eigh(gram)
        chosen: torch.Tensor = axes[:, squares > NEGLIGIBLE**2].flip(1)
    else:
        left, values, _ = torch.linalg.svd(torch.cat(vectors, dim=1), full_matrices=False)
        chosen = left[:, values > NEGLIGIBLE]
    return chosen


def _inner(step: MergeStep, parts: list[torch.Tensor]) -> torch.Tensor:
    """The inner method's merge of the parts, in their shape. They are changes already, so that it is given no base."""
    row = method_get("merge", str(step.parameters["inner"]))
    if row is None:
        raise ValueError(f"{step.name}: KnOTS knows no inner method {step.parameters['inner']!r}.")
    presets = {
        parameter.name: [parameter.default] * len(parts) if parameter.scope == "source" else parameter.default
        for parameter in row.parameters
    }
    given = {name: step.parameters[name] for name in ("weight", "density", "lambda") if name in presets}
    module, _, function = row.runner.partition(":")
    inner = replace(
        step, raw_base=None, raw_sources=tuple(part.reshape(-1) for part in parts), shape=tuple(parts[0].shape),
        parameters=presets | given, format=format_of(parts[0]), wide=parts[0].dtype == torch.float64, measures=Measures(),
    )  # fmt: skip
    merged: torch.Tensor = tensor_of(getattr(importlib.import_module(module), function)(inner))
    return merged.view(parts[0].shape)
