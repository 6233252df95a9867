from pathlib import Path

import torch

from tests.builders import finetuned, mlp_state, model_folder
from tests.workers.engine.plans import plan_of
from workers.engine.io.reader import Reader
from workers.engine.make import make, merger_of


def test_a_sum_in_float32_is_rounded_to_the_inputs_format_before_the_results(tmp_path: Path) -> None:
    states = [finetuned(mlp_state(dtype=torch.bfloat16), seed=seed) for seed in range(2)]
    folders = [model_folder(tmp_path / str(index), state) for index, state in enumerate(states)]
    plain = plan_of(folders, "linear", dtype="F32")
    compat = plain.model_copy(update={"compat": "mergekit"})
    readers = [Reader(folder) for folder in folders]
    step = plain.steps[0]
    one, other = (make(plan, step, readers, merger_of(plan)).raw.tensor() for plan in (plain, compat))
    assert one.dtype == other.dtype == torch.float32
    assert torch.equal(other, one.bfloat16().float())
    assert not torch.equal(other, one)
