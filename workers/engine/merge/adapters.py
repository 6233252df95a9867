"""LoRA adapters as pairs of factors: what a combination method is given for one module, and what such methods share.

An adapter's change of a module is D_i = s_i·B_i·A_i with A_i `[r_i, in]`, B_i `[out, r_i]` and the scaling s_i that its
configuration says (α/r, or α/√r with rsLoRA). A result is a pair (A, B) with scaling 1. Convolutions come as matrices, their
kernel flattened into `in`; embeddings have the same form. All arithmetic here is float64.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from kernels.dispatch import kernel
from kernels.reference.philox import key_of
from kernels.select import Trimmer, magnitude_bits, sample_stride, threshold
from workers.contracts.errors import UserError
from workers.contracts.findings import Finding
from workers.engine.merge.matrices import leading

Factors = tuple[torch.Tensor, torch.Tensor]
# (what each source brings, its weight, a name for draws) -> the merged tensor
Combine = Callable[[Sequence[torch.Tensor], Sequence[float], str], torch.Tensor]


@dataclass(frozen=True)
class PairStep:
    """One module. `pairs` are (A_i, B_i) in float64; `scalings` s_i, `weights` w_i and `densities` in the order of `pairs`.

    `source_ids` says which of the request's models each pair is of; `rank` is that of the result.
    `inner` is what merges aligned parts, for KnOTS.
    """

    name: str
    pairs: tuple[Factors, ...]
    scalings: tuple[float, ...]
    weights: tuple[float, ...]
    rank: int
    source_ids: tuple[int, ...]
    densities: tuple[float, ...] = ()
    vote: str = "total"
    inner: str = "ties"
    seed: int = 0

    def largest(self, tensors: Sequence[torch.Tensor], name: str) -> list[torch.Tensor]:
        """The ⌊d_i·N⌋ largest entries of each, lowest flat index first among equals; the others 0."""
        return [_largest(tensor, density) for tensor, density in zip(tensors, self.densities, strict=True)]

    def drawn(self, tensors: Sequence[torch.Tensor], name: str) -> list[torch.Tensor]:
        """B ~ Bernoulli(d_i) for each entry, kept ones divided by d_i. Draws belong to seed, module, factor and source."""
        kept = []
        for source, tensor, density in zip(self.source_ids, tensors, self.densities, strict=True):
            if density < 1:
                key = key_of(self.seed, f"{self.name}.{name}" if name else self.name, source)
                mask = kernel("bernoulli")(key, density, 0, tensor.numel()).view(tensor.shape)
                tensor = tensor * mask / density
            kept.append(tensor)
        return kept

    def agreeing(self, tensors: Sequence[torch.Tensor], weights: Sequence[float]) -> torch.Tensor:
        """Σ w_i·x_i over the sources whose sign is the elected one, divided by how many those are.

        The sign is elected on unweighted entries: of Σ x_i (`total`) or Σ sign(x_i) (`frequency`); a sum of zero elects +1.
        """
        votes = sum_of([tensor.sign() if self.vote == "frequency" else tensor for tensor in tensors])
        elected = torch.where(votes >= 0, 1.0, -1.0).to(votes.dtype)
        total, count = torch.zeros_like(votes), torch.zeros_like(votes)
        for tensor, weight in zip(tensors, weights, strict=True):
            matches = tensor.sign() == elected
            total += weight * tensor * matches
            count += matches
        return total / count.clamp(min=1.0)


def sum_of(tensors: Sequence[torch.Tensor], weights: Sequence[float] | None = None) -> torch.Tensor:
    """Σ w_i·x_i, in order."""
    total = torch.zeros_like(tensors[0])
    for index, tensor in enumerate(tensors):
        total += tensor if weights is None else weights[index] * tensor
    return total


def by_factors(step: PairStep, combine: Combine) -> Factors:
    """A = combine(A_i, sign(v_i)·√|v_i|), B = combine(B_i, √|v_i|) with v_i = w_i·s_i. All sources have one rank.

    Source: peft, `LoraModel._generalized_task_arithmetic_weighted_adapter`: the sign goes to A alone.
    """
    roots = [abs(weight * scaling) ** 0.5 for weight, scaling in zip(step.weights, step.scalings, strict=True)]
    signed = [
        root if weight * scaling >= 0 else -root
        for root, weight, scaling in zip(roots, step.weights, step.scalings, strict=True)
    ]
    return combine([a for a, _ in step.pairs], signed, "A"), combine([b for _, b in step.pairs], roots, "B")


def by_products(step: PairStep, combine: Combine) -> Factors:
    """The `rank` strongest directions of D = combine(s_i·B_i·A_i, w_i): A = Vᵀ, B = U·S.

    Raises:
        UserError: a factor holds NaN or infinity, which has no singular vectors.

    Cost: every D_i `[out, in]` in float64 and two more.
    """
    refuse_not_finite(step)
    products = [(b @ a) * scaling for (a, b), scaling in zip(step.pairs, step.scalings, strict=True)]
    left, values, right = leading(combine(products, step.weights, ""), step.rank)
    return padded(right.mT, left * values, step.rank)


def padded(a: torch.Tensor, b: torch.Tensor, rank: int) -> Factors:
    """To `rank` rows and columns; what is missing is zero and changes nothing."""
    missing = rank - a.shape[0]
    if missing <= 0:
        return a[:rank], b[:, :rank]
    return torch.cat([a, a.new_zeros(missing, a.shape[1])]), torch.cat([b, b.new_zeros(b.shape[0], missing)], dim=1)


def refuse_not_finite(step: PairStep) -> None:
    for source, pair in zip(step.source_ids, step.pairs, strict=True):
        if not all(bool(factor.isfinite().all()) for factor in pair):
            message = f"The LoRA factors of {step.name} in source {source + 1} hold NaN or infinity."
            consequence = "They have no singular vectors, so no adapter can be made of them."
            found = Finding(
                code="not_finite", severity="error", message=message, where=step.name, stage="run", consequence=consequence
            )  # fmt: skip
            raise UserError(message, (found,))


def _largest(tensor: torch.Tensor, density: float) -> torch.Tensor:
    size = tensor.numel()
    keep = int(density * size)
    if density >= 1 or not size:
        return tensor
    if keep == 0:
        return torch.zeros_like(tensor)
    flat = tensor.contiguous().view(-1)
    bits = magnitude_bits(flat, torch.empty(size, dtype=torch.int64)).numpy()
    limit = threshold(lambda: [bits], bits[:: sample_stride(size)], size, keep)
    return Trimmer(limit).trim(flat, torch.empty_like(flat)).view(tensor.shape)
