"""aTLAS: a coefficient for each block of each model's change, learned for one target from few examples."""

from dataclasses import replace
from math import ceil
from typing import Any

import torch

from workers.engine.merge.learning.choosing import few_shot, trusted
from workers.engine.merge.learning.coefficients import Course, merge_by_coefficients, side_by_side, train, written
from workers.engine.merge.learning.mixture import Mixture, Start
from workers.engine.merge.learning.request import Learning
from workers.engine.merge.learning.student import Student
from workers.engine.merge.learning.terms import entropy, length
from workers.engine.merge.step import MergeStep
from workers.engine.train.losses import Objective

# How often the mixture is asked anew what it is sure of.
TIMES = 4


def merge(step: MergeStep) -> torch.Tensor:
    """Adds up what each source changed, every block of it scaled by a coefficient of its own.

    θ_l = b_l + Σ_i Λ_i^l·τ_i^l,  Λ diagonal: one number for the tensor, or K of them dealt out to its entries at random (×K).

    Λ minimises, plus `penalty_weight`·mean over blocks of ‖(Λ_1 … Λ_n)‖_p (`learn`), the loss on labelled examples of the target
    (`objective: supervised`; few-shot with `shots` of each class), or at test time, without labels, the loss on the mixture's
    own surest answers, asked anew in four rounds (`pseudo_labels`), or the entropy of its answers (`entropy`).

    Source: Zhang et al. 2024, "Knowledge composition using task vectors with learned anisotropic scaling", arXiv:2407.02880,
        equations 2–4 and sections 4.3 (×K), 5: Λ begins at 0, AdamW at 1e-3. A block is a tensor; only matrices are dealt out.
        The partition is drawn by Philox from the recipe's seed, tensor and source, so it is stored with the recipe. Deviations:
        at test time the paper learns from pseudo-labels and augmented inputs (FixMatch); here from pseudo-labels alone, of
        as many answers of each class; all models share one head, merged too.

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
    objective, examples = values["objective"], int(values["examples"])
    terms = (entropy(len(learning.data)),) if objective == "entropy" else student.objective.terms
    if values["penalty"] != "none":
        terms = (*terms, length(1 if values["penalty"] == "l1" else 2, float(values["penalty_weight"])))
    course = Course(
        int(values["steps"]), int(values["batch_size"]), float(values["learning_rate"]), float(values["weight_decay"])
    )
    if objective == "pseudo_labels":
        shorter = replace(course, steps=ceil(course.steps / TIMES))
        for number in range(TIMES):
            sure = trusted(student, mixture, examples)
            progress = train(learning, mixture, sure, Objective(terms), shorter, stage=f"round-{number}")
    else:
        shots = int(values["shots"])
        data = few_shot(student, shots) if shots else side_by_side(student, examples)
        progress = train(learning, mixture, data, Objective(terms), course)
    report = written(learning, mixture, progress)
    student.close()
    return report
