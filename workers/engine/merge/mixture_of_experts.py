"""Mixture of experts: feed-forward blocks side by side, and the router that chooses among them."""

import math
from dataclasses import dataclass

import torch

from kernels.reference.philox import Key, key_of, words

_TWO_PI = 2 * math.pi


@dataclass(frozen=True)
class ExpertStep:
    """One tensor of the result.

    `part`: `expert` (a matrix of a source), `told` (a router, from what prompts made of the base), `drawn` (by chance) or
    `zeros`. `experts` are the sources that the rows of a router, or the draws of a matrix, belong to.
    """

    name: str
    shape: tuple[int, ...]
    part: str
    seed: int
    experts: tuple[int, ...] = ()
    mode: str = ""
    weight: torch.Tensor | None = None
    noise: float = 0.0
    scale: float = 1.0
    told: torch.Tensor | None = None


def merge(step: ExpertStep) -> torch.Tensor:
    """Keeps every source's feed-forward block, and lets a router choose for each token.

        y = Σ_{e in the k largest of g} softmax(g)_e·mlp_e(x), weights renormalised over the k;  g = R·x;
        mlp_e: W_gate, W_up as they are (+ noise_scale·n);  W_down = residual_scale·(W_down + noise_scale·n), n ~ N(0, 1);
        hidden: R_e = v/‖v‖, v = mean over positive prompts of h_l(last token) − mean over negative ones;
        hidden_avg: h_l averaged over the tokens of each prompt;
        cheap_embed: v = u(positive) − u(negative), u = Σ of the embeddings of all tokens, at length 1; the same in all layers;
        random: R ~ N(0, 1);  uniform_random: R ~ U(−1/√d, 1/√d).

    h_l is what layer l of the base is given, before its first norm. Qwen2-MoE adds σ(r·x)·mlp_shared(x) for a shared expert.

    Source: Jiang et al. 2024, arXiv:2401.04088, section 2, for the layer; the modes of the router are those of mergekit-moe.
        Deviations: hidden states in float32 where mergekit computes in bfloat16; hidden_avg leaves padding out of the mean; the
        draws are Philox's, keyed by seed, tensor name and source.

    Args:
        step: see `ExpertStep`; R has shape [experts, d], `told` the same.

    Returns:
        float32 (a matrix of float64: float64), in the step's shape.

    Raises:
        KeyError: a router that prompts should have made was not made.

    Cost: one pass over each matrix; prompts take a forward pass of the base each.
    Determinism: a pure function of seed, names and inputs; what prompts make is the same for one device and thread count.
    """
    if step.part == "zeros":
        return torch.zeros(step.shape)
    if step.part == "told":
        if step.told is None:
            raise KeyError(step.name)
        return step.told
    if step.part == "drawn":
        size = math.prod(step.shape) // len(step.experts)
        rows = [_drawn(step, key_of(step.seed, step.name, expert), size) for expert in step.experts]
        return torch.stack(rows).reshape(step.shape)
    if step.weight is None:
        raise KeyError(step.name)
    made = step.weight.to(torch.promote_types(step.weight.dtype, torch.float32))
    if step.noise:
        made = made + step.noise * normal(key_of(step.seed, step.name, step.experts[0]), made.numel()).reshape(
            made.shape
        )
    return made * step.scale if step.scale != 1 else made


def _drawn(step: ExpertStep, key: Key, size: int) -> torch.Tensor:
    if step.mode == "random":
        return normal(key, size)
    bound = 1 / math.sqrt(step.shape[-1])
    return ((words(key, 0, size).double() + 0.5) * (2 * bound / 2**32) - bound).float()


def normal(key: Key, count: int) -> torch.Tensor:
    """Draws of N(0, 1), by Box and Muller: two uniform draws make two normal ones. float32 `[count]`."""
    drawn = (words(key, 0, count + count % 2).double() + 0.5) / 2**32
    length, angle = (-2 * drawn[::2].log()).sqrt(), _TWO_PI * drawn[1::2]
    return torch.stack((length * angle.cos(), length * angle.sin()), dim=1).flatten()[:count].float()
