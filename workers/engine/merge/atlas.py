"""aTLAS: a coefficient for each block of each model's change, learned for one target from few examples."""

from typing import Any

import torch

from workers.engine.merge.learning.coefficients import Course, merge_by_coefficients, side_by_side, train, written
from workers.engine.merge.learning.mixture import Mixture, Start
from workers.engine.merge.learning.request import Learning
from workers.engine.merge.learning.student import Student
from workers.engine.merge.learning.terms import entropy, length
from workers.engine.merge.step import MergeStep
from workers.engine.train.losses import Objective


def merge(step: MergeStep) -> torch.Tensor:
    """Adds up what each source changed, every block of it scaled by a coefficient of its own.

    θ_l = b_l + Σ_i Λ_i^l·τ_i^l,  Λ diagonal: one number for the tensor, or K of them dealt out to its entries at random (×K).

    Λ minimises the loss on labelled examples of the target (`objective: supervised`), or the entropy of the answers to
    examples without labels (`entropy`), plus `penalty_weight`·mean over blocks of ‖(Λ_1 … Λ_n)‖_p (`learn`).

    Source: Zhang et al. 2024, "Knowledge composition using task vectors with learned anisotropic scaling", arXiv:2407.02880,
        equations 2–4 and section 4.3 (×K): Λ begins at 0, AdamW at 1e-3. A block is a tensor; only matrices are dealt out. The
        partition is drawn by Philox from the recipe's seed, tensor and source, so it is stored with the recipe. Deviations: the
        test-time form minimises the plain entropy, not pseudo-labels of augmented inputs; all models share one head, merged too.

    Args:
        step: a base and n ≥ 1 sources `[N]`. `learned["coefficients"]` float32 `[n, K]`, K = 1 but for matrices.

    Returns:
        `[N]` in the step's dtype.

    Cost: one pass. Learning: base, changes and one merged model in float32, and a byte an entry and source where K > 1.
    Determinism: learning is equal bit by bit for equal seed, device and number of threads, however often it was interrupted.
    """
    return merge_by_coefficients(step, "lots")


def learn(learning: Learning) -> dict[str, Any]:
    """`coefficients/tensor`, and the curve of the loss.

    Raises:
        UserError: the models cannot be run, or the loss is NaN from the first step. Cancelled from the ports.
    """
    student, values = Student(learning), learning.parameters
    lots = int(values["partitions"])
    starts = {
        step.name: Start(0.0, lots if len(step.shape) == 2 and step.elements >= lots else 1) for step in student.steps()
    }
    mixture = Mixture(student, starts, sharing="lots")
    supervised = values["objective"] == "supervised"
    terms = student.objective.terms if supervised else (entropy(len(learning.data)),)
    if values["penalty"] != "none":
        terms = (*terms, length(1 if values["penalty"] == "l1" else 2, float(values["penalty_weight"])))
    course = Course(
        int(values["steps"]), int(values["batch_size"]), float(values["learning_rate"]), float(values["weight_decay"])
    )
    data = side_by_side(student, int(values["examples"]))
    progress = train(learning, mixture, data, Objective(terms), course)
    report = written(learning, mixture, progress)
    student.close()
    return report
