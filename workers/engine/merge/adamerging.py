"""AdaMerging: how much of each model goes into each tensor is learned by making the merged model sure of its answers."""

from typing import Any

import torch

from workers.engine.merge.learning.coefficients import Course, merge_by_coefficients, side_by_side, train, written
from workers.engine.merge.learning.mixture import Mixture, Squash, Start
from workers.engine.merge.learning.request import Learning
from workers.engine.merge.learning.student import Student
from workers.engine.merge.learning.terms import entropy
from workers.engine.merge.step import MergeStep
from workers.engine.train.losses import Objective


def merge(step: MergeStep) -> torch.Tensor:
    """Adds up what each source changed, with learned coefficients.

    θ_l = b_l + Σ_k λ_k^l·τ_k^l for every tensor l (`level: layer`), or one λ_k for all tensors (`task`).

    λ minimises Σ_k mean over x of dataset k of the entropy of the merged model's answer to x (`learn`); no labels are read.

    Source: Yang et al. 2024, "AdaMerging: adaptive model merging for multi-task learning", arXiv:2310.02575, equations 3–5:
        λ begins at 0.3 and is held within [0, 1], Adam at 1e-3, 500 steps, 16 examples of each dataset. A layer is one tensor of
        the checkpoint, as published. Deviation: all models answer through one head, which is merged like any other tensor.

    Args:
        step: a base and n ≥ 1 sources `[N]`. `learned["coefficients"]` float32 `[n, 1]`.

    Returns:
        `[N]` in the step's dtype.

    Cost: one pass. Learning: base, changes and one merged model in float32, a forward and backward pass a step.
    Determinism: learning is equal bit by bit for equal seed, device and number of threads, however often it was interrupted.
    """
    return merge_by_coefficients(step)


def learn(learning: Learning) -> dict[str, Any]:
    """`coefficients/tensor`, and the curve of the entropy.

    Raises:
        UserError: the models cannot be run, or the entropy is NaN from the first step. Cancelled from the ports.
    """
    student, values = Student(learning), learning.parameters
    starts = {name: Start(float(values["init"])) for name in student.places}
    squash: Squash = "clamp" if values["clamp"] else "none"
    mixture = Mixture(student, starts, squash=squash, is_shared=values["level"] == "task")
    data = side_by_side(student, int(values["examples"]))
    course = Course(int(values["steps"]), int(values["batch_size"]), float(values["learning_rate"]))
    progress = train(learning, mixture, data, Objective((entropy(len(learning.data)),)), course)
    report = written(learning, mixture, progress)
    student.close()
    return report
