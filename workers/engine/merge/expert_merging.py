"""Expert Merging: coefficients with which the merged model answers and thinks like each expert on its own examples."""

from typing import Any

import torch

from workers.engine.merge.learning.coefficients import merge_by_coefficients, written
from workers.engine.merge.learning.experts import aligned
from workers.engine.merge.learning.mixture import Start
from workers.engine.merge.learning.request import Learning
from workers.engine.merge.learning.student import Student
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """Adds up what each source changed, with learned coefficients between 0 and 1.

    θ_l = b_l + Σ_k σ(α_k^l)·τ_k^l for every tensor l.

    α minimises, over a few examples without labels of each source k (`learn`),
    Σ_k β_k·(T²·KL(softmax(z_k/T) ‖ softmax(z/T)) + 0.1·Σ_S mean (h_S − h_S,k)²) + 5·n·mean |σ(α) − α_0|,
    z and h the logits and hidden states of the merged model, z_k and h_k those of source k.

    Source: Zhang et al. 2025, "Expert Merging: model merging with unsupervised expert alignment and importance-guided layer
        chunking", arXiv:2509.25712, section 3.2; σ, α_0 = 0.1, 5 examples, one epoch, rate 0.5, T = 1, clipping to 1 as in its
        code. S is the middle layer, or all. Deviation: a step sees as many examples of every source (`batch_size` of each)
        instead of gathering eight of any.

    Args:
        step: a base and n ≥ 1 sources `[N]`. `learned["coefficients"]` float32 `[n, 1]`.

    Returns:
        `[N]` in the step's dtype.

    Cost: one pass. Learning: base, changes, the merged model and one source in float32; two forward passes and one back a step.
    Determinism: learning is equal bit by bit for equal seed, device and number of threads, however often it was interrupted.
    """
    return merge_by_coefficients(step)


def learn(learning: Learning) -> dict[str, Any]:
    """`coefficients/tensor`, and the curves of the three terms.

    Raises:
        UserError: the models cannot be run, or the loss is NaN from the first step. Cancelled from the ports.
    """
    student = Student(learning)
    starts = {name: Start(float(learning.parameters["init"])) for name in student.places}
    mixture, progress = aligned(learning, student, starts, stage="layers")
    report = written(learning, mixture, progress)
    student.close()
    return report
