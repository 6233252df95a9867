"""AdaMerging++: AdaMerging of changes that TIES has thinned out and put to a vote."""

from typing import Any

import torch

from workers.engine.merge.learning.coefficients import Course, merge_by_coefficients, side_by_side, train, written
from workers.engine.merge.learning.elected import elected, elected_whole
from workers.engine.merge.learning.mixture import Mixture, Squash, Start
from workers.engine.merge.learning.request import Learning
from workers.engine.merge.learning.student import Student
from workers.engine.merge.learning.terms import entropy
from workers.engine.merge.step import MergeStep
from workers.engine.train.losses import Objective


def merge(step: MergeStep) -> torch.Tensor:
    """Adds up what is left of each source's change after trimming and a vote on signs, with learned coefficients.

    θ_l = b_l + Σ_k λ_k^l·Φ(τ_k^l),  Φ(τ_k) = v_k·[v_k·sign(Σ_j v_j) > 0],  v_k the `density` largest entries of τ_k.

    λ is learned as in AdaMerging: it minimises the entropy of the merged model's answers to examples without labels (`learn`).

    Source: Yang et al. 2024, "AdaMerging: adaptive model merging for multi-task learning", arXiv:2310.02575, equation 6: TIES'
        trimming keeps 20 %, λ begins at 0.3, Adam at 1e-3, 500 steps. Deviation: trimmed per tensor, not over the whole model.

    Args:
        step: a base and n ≥ 1 sources `[N]`. `learned["coefficients"]` float32 `[n, 1]`. Parameters: `density` per source.

    Returns:
        `[N]` in the step's dtype.

    Cost: two passes. Learning: as AdaMerging.
    Determinism: selection is exact; learning is equal bit by bit for equal seed, device and number of threads.
    """
    return merge_by_coefficients(step, take=elected(step))


def learn(learning: Learning) -> dict[str, Any]:
    """`coefficients/tensor`, and the curve of the entropy.

    Raises:
        UserError: the models cannot be run, or the entropy is NaN from the first step. Cancelled from the ports.
    """
    student, values = Student(learning), learning.parameters
    starts = {name: Start(float(values["init"])) for name in student.places}
    squash: Squash = "clamp" if values["clamp"] else "none"
    mixture = Mixture(
        student,
        starts,
        changes=elected_whole,
        squash=squash,
        is_shared=values["level"] == "task",
    )
    data = side_by_side(student, int(values["examples"]))
    course = Course(int(values["steps"]), int(values["batch_size"]), float(values["learning_rate"]))
    progress = train(learning, mixture, data, Objective((entropy(len(learning.data)),)), course)
    report = written(learning, mixture, progress)
    student.close()
    return report
