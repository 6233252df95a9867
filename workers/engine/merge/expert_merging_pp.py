"""Expert Merging++: Expert Merging with more coefficients where a first learning found that they matter."""

from typing import Any

import torch

from workers.engine.merge.learning.coefficients import merge_by_coefficients, written
from workers.engine.merge.learning.experts import aligned, chunks_of
from workers.engine.merge.learning.mixture import Start
from workers.engine.merge.learning.request import Learning
from workers.engine.merge.learning.student import Student
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """Adds up what each source changed, with learned coefficients for pieces of important tensors.

    θ_l = b_l + Σ_k Σ_s σ(α_k,s^l)·τ_k,s^l, s the m_l pieces of equal length of the flattened tensor l; σ = α_0 fixed where m_l = 0.

    I_l = Σ_k |α_k^l|·mean|τ_k^l|·n_l of a first learning of Expert Merging, divided by its sum; m_l = ⌊B·I_l^κ / Σ_j I_j^κ⌋, n_l the
    number of entries, B `budget` times the number of tensors. Then α is learned anew, by the same loss (`learn`).

    Source: Zhang et al. 2025, "Expert Merging: model merging with unsupervised expert alignment and importance-guided layer
        chunking", arXiv:2509.25712, section 3.3. Its repository takes m as given and leaves I out, so I and m were taken from
        the text of the paper, as two accounts of it give them alike: coefficient times mean magnitude of the change times number
        of entries, divided by the sum (which sum, neither says: over all layers here), and B 0.9 to 1.2 coefficients a layer.
        m = 0 keeps α_0, as in the repository. A layer is one tensor. Deviation: no tensor has more than 256 pieces.

    Args:
        step: a base and n ≥ 1 sources `[N]`. `learned["coefficients"]` float32 `[n, m]`.

    Returns:
        `[N]` in the step's dtype.

    Cost: one pass. Learning: twice that of Expert Merging, and a byte an entry and source of tensors in pieces.
    Determinism: learning is equal bit by bit for equal seed, device and number of threads, however often it was interrupted.
    """
    return merge_by_coefficients(step)


def learn(learning: Learning) -> dict[str, Any]:
    """`coefficients/tensor`, the curves of the second learning, and how many pieces were given to whom.

    Raises:
        UserError: the models cannot be run, or the loss is NaN from the first step. Cancelled from the ports.
    """
    student, values = Student(learning), learning.parameters
    init = float(values["init"])
    first, _ = aligned(learning, student, {name: Start(init) for name in student.places}, stage="layers")
    pieces = chunks_of(first, budget=float(values["budget"]), sharpness=float(values["sharpness"]))
    del first
    if not any(pieces.values()):  # a budget too small for any: the most important tensors alone would be none
        pieces = dict.fromkeys(pieces, 1)
    starts = {name: Start(init, max(1, count), is_fixed=count == 0) for name, count in pieces.items()}
    mixture, progress = aligned(learning, student, starts, stage="pieces")
    report = written(learning, mixture, progress) | {"pieces": {name: count for name, count in pieces.items() if count}}
    student.close()
    return report
