"""A task vector applied to its base."""

from pathlib import Path

import torch

from workers.engine.io.reader import tensors_of
from workers.engine.predict.modules import head_wanted, load_module
from workers.engine.predict.predictor import refused

_LISTED = 3


def load_applied(
    base_folder: Path, vector_folder: Path, *, task: str, name: str, dtype: torch.dtype = torch.float32
) -> torch.nn.Module:
    """`θ = θ_base + τ` for every tensor that the task vector holds; added in float32, then rounded once to `dtype`.

    Source: Ilharco et al. 2022, arXiv:2212.04089, section 2, with the coefficient 1.

    Raises:
        UserError: a tensor of the vector is not in the base, or has another shape there.
    """
    state = dict(tensors_of(base_folder))
    vector = dict(tensors_of(vector_folder))
    if not vector:
        raise refused("no_weights", f"{name} holds no tensors.")
    strangers = sorted(key for key, change in vector.items() if key not in state or state[key].shape != change.shape)
    if strangers:
        listed = ", ".join(strangers[:_LISTED])
        raise refused(
            "task_vector_misfit",
            f"{len(strangers)} of {len(vector)} tensors of {name} do not fit its base, first {listed}.",
        )
    for key, change in vector.items():
        state[key] = (state[key].to(torch.float32) + change.to(torch.float32)).to(dtype)
    base_name = f"the base of {name}"
    return load_module(
        base_folder, head=head_wanted(base_folder, task, base_name), name=base_name, dtype=dtype, state=state
    )
