"""A task vector applied to its base."""

from pathlib import Path

import torch

from workers.engine.io.deltas import DeltaReader
from workers.engine.io.reader import Reader, facts_of_weights
from workers.engine.predict.modules import head_wanted, load_module
from workers.engine.predict.predictor import refused
from workers.planning.deltas import Delta, DeltaError, check_fit

_LISTED = 3


def load_applied(
    base_folder: Path, vector_folder: Path, *, task: str, name: str, dtype: torch.dtype = torch.float32
) -> torch.nn.Module:
    """`θ = θ_base + τ` for every tensor that the task vector holds, in any of its forms; added in float32, then rounded once to `dtype`.

    Source: Ilharco et al. 2022, arXiv:2212.04089, section 2, with the coefficient 1.

    Raises:
        UserError: a tensor of the vector is not in the base, or has another shape there; or the base is not the one it was taken from.
    """
    with Reader(base_folder) as base:
        reader = DeltaReader(vector_folder, base)
        facts, deltas = facts_of_weights(base_folder), reader.deltas()
        if not deltas:
            raise refused("no_weights", f"{name} holds no tensors.")
        strangers = sorted(key for key in deltas if key not in facts or not _fits(deltas[key], facts[key].shape))
        if strangers:
            listed = ", ".join(strangers[:_LISTED])
            raise refused(
                "task_vector_misfit",
                f"{len(strangers)} of {len(deltas)} tensors of {name} do not fit its base, first {listed}.",
            )
        state = {key: reader.tensor(key, fact) for key, fact in facts.items()}
    for key in deltas:
        state[key] = state[key].to(dtype)
    base_name = f"the base of {name}"
    return load_module(
        base_folder, head=head_wanted(base_folder, task, base_name), name=base_name, dtype=dtype, state=state
    )


def _fits(delta: Delta, shape: tuple[int, ...]) -> bool:
    try:
        check_fit(delta, shape)
    except DeltaError:
        return False
    return True
