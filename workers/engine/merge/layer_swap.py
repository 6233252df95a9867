"""Layer swapping: the middle of a model from the expert on the task, its ends from the expert on the language."""

from collections.abc import Sequence

import torch

from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """Puts the language expert's bottom and top layers around the task expert's middle, with a transition between them.

    For layer l of L, with b layers at the bottom, u at the top and t in each transition:
    θ = θ_language                              l < b  or  l ≥ L − u,  and everything outside of the layers;
    θ = s·θ_language + (1 − s)·θ_task           b ≤ l < b + t  or  L − u − t ≤ l < L − u;
    θ = θ_task                                  between.

    Source: Bandarkar et al. 2025, "Layer swapping for zero-shot cross-lingual transfer in large language models",
        arXiv:2410.01335, section 4. Presets are those of a model of 32 layers. Taken for what the paper's figure leaves open:
        embeddings, the last norm and the head follow the language expert, whose layers they stand next to; each transition
        layer is an even average (s = ½). Each stack of a model with several counts its own layers.

    Args:
        step: two sources `[N]`, the task expert first, then the language expert. Parameters: `bottom` (b), `top` (u),
            `transition` (t), `share` (s), and from the plan `layer` (l) and `layers` (L).

    Returns:
        `[N]` in the step's dtype.

    Cost: one pass.
    Determinism: exact copies outside of the transitions.
    """
    share = language_share(
        int(step.parameters.get("layer", 0)), int(step.parameters.get("layers", 0)), int(step.parameters["bottom"]),
        int(step.parameters["top"]), int(step.parameters["transition"]), float(step.parameters["share"]),
    )  # fmt: skip
    scratch, out = step.buffer(), step.buffer()

    def swap(sources: Sequence[torch.Tensor], start: int) -> torch.Tensor:
        # A tensor that only one of the two holds is that one's.
        task, language = sources[0], sources[-1]
        if share in {0.0, 1.0}:
            return language if share else task
        length = task.numel()
        torch.mul(task, 1.0 - share, out=out[:length])
        return out[:length].add_(torch.mul(language, share, out=scratch[:length]))

    return step.combine(swap)


def language_share(layer: int, layers: int, bottom: int, top: int, transition: int, share: float) -> float:
    """How much of the language expert goes into layer `layer`; -1 and `layers` are outside of the layers."""
    from_end = layers - 1 - layer
    if layer < bottom or from_end < top:
        return 1.0
    return share if layer < bottom + transition or from_end < top + transition else 0.0
