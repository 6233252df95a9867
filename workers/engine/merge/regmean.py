"""RegMean: the weights of each linear layer that come closest to all models' answers, each on its own inputs."""

from typing import Any

import torch

from workers.engine.merge.learning.gram import grams_of, groups, layers_of, merge_by_grams
from workers.engine.merge.learning.keeping import is_kept, keep
from workers.engine.merge.learning.request import Learning
from workers.engine.merge.learning.student import Student, rows_drawn
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """Solves, for each linear layer, the least squares problem min_W Σ_i ‖X_i·W − X_i·W_i‖².

    W = (Σ G̃_i)⁻¹ Σ G̃_i·W_i,  G_i = X_iᵀX_i / rows,  G̃_i = a·G_i + (1 − a)·diag(G_i);  other tensors: their mean.

    W as `[in, out]`; X_i is what goes into the layer when model i answers its own examples (`learn`).

    Source: Jin et al. 2023, "Dataless knowledge fusion by merging weights of language models", arXiv:2212.09849, equation 2 and
        section 3.2. a = 0.95 as FusionBench's preset; MergeBench uses 0.5. Deviation: solved in float64; where the sum cannot be
        inverted (an input that is always zero, or a condition above 1e8), by its pseudo-inverse.

    Args:
        step: n ≥ 1 sources `[N]`, no base. `learned["gram<i>"]` float64 `[in, in]` and `learned["axis"]` of linear layers.
            Parameters: `off_diagonal` (a) in [0, 1].

    Returns:
        `[N]` in the step's dtype.

    Cost: all sources and their Gram matrices in float64, O(in³ + in²·out) operations. Learning: one model, forward only.
    Determinism: LAPACK on one thread; learning is equal bit by bit for equal device and number of threads.
    """
    return merge_by_grams(step)


def learn(learning: Learning) -> dict[str, Any]:
    """`gram<i>/tensor` and `axis/tensor` of every linear layer; several passes where the matrices do not fit memory together."""
    student = Student(learning)
    layers, count = layers_of(student), int(learning.parameters["examples"])
    keep(learning.out, "axis", {f"axis/{name}": torch.tensor(layer.axis) for name, layer in layers.items()})
    for source in range(learning.sources):
        number = source + learning.first_source
        rows = rows_drawn(len(student.batches(source)), count, seed=learning.seed, purpose=f"data/{source}")
        for part, group in enumerate(groups(layers, learning.memory_bytes)):
            if is_kept(learning.out, f"gram{number}-{part}"):
                continue
            message = f"Inputs of the layers of {learning.names[number]}"
            grams = grams_of(student, student.weights(source), source, rows, group, message=message)
            keep(learning.out, f"gram{number}-{part}", {f"gram{number}/{name}": gram for name, gram in grams.items()})
    student.close()
    return {"examples": [min(count, len(learning.data_of(source))) for source in range(learning.sources)]}
