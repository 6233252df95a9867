"""Peak memory of a merge follows the largest tensor, not the depth."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import mlp_state, model_folder
from tests.workers.engine.plans import plan_of
from workers.bench.family import family_make
from workers.contracts.methods import method_get
from workers.contracts.parsing import parse
from workers.planning.estimate import merge_estimate
from workers.planning.local import local_check
from workers.planning.merge_memory import step_memory

ROOT = Path(__file__).resolve().parents[3]
MIB = 2**20


def peak_of(root: Path, *, layers: int) -> tuple[int, int, int]:
    """(anonymous bytes at the peak, as estimated, bytes of the result) of a whole TIES merge in a process of its own."""
    base, *tuned = family_make(root / "models", layers=layers, width=384, vocabulary=512)
    recipe = {
        "kind": "merge",
        "method": "ties",
        "base": str(base),
        "sources": [{"model": str(folder)} for folder in tuned],
    }
    (root / "recipe.json").write_text(json.dumps(recipe))
    subprocess.run(
        [sys.executable, "-m", "workers.cli", "recipe.json", "out", "--threads", "2"], cwd=root, check=True, capture_output=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    cost = json.loads((root / "out" / "report.json").read_text())["cost"]
    estimate = local_check(parse(recipe, local=True))[0].estimate
    return cost["peak_memory_bytes"], estimate.memory_bytes, cost["written_bytes"]


@pytest.mark.journey
def test_eight_times_the_layers_take_no_more_memory(tmp_path):
    shallow, _, _ = peak_of(tmp_path / "shallow", layers=2)
    deep, estimate, result = peak_of(tmp_path / "deep", layers=16)
    assert result > 55 * MIB
    assert deep < estimate
    assert deep - shallow < 16 * MIB


def test_tables_whose_rows_change_places_count_as_memory(tmp_path):
    folders = [model_folder(tmp_path / name, mlp_state()) for name in "abc"]
    plan = plan_of(folders, "linear")
    step = max(plan.steps, key=lambda step: step.inputs[0].fact.elements)
    table = step.model_copy(update={"is_table": True})
    more = (4 * (3 + 2) + 8) * step.inputs[0].fact.elements
    assert step_memory(table, "stretch") - step_memory(step, "stretch") == more
    assert step_memory(table, "tensor") - step_memory(step, "tensor") == more
    method = method_get("merge", "linear")
    moved = plan.model_copy(update={"steps": tuple(table if each is step else each for each in plan.steps)})
    assert merge_estimate(moved, method).memory_bytes - merge_estimate(plan, method).memory_bytes == more


def test_inputs_that_are_cast_first_count_as_memory(tmp_path):
    folders = [model_folder(tmp_path / name, mlp_state()) for name in "abc"]
    plan = plan_of(folders, "linear")
    step = max(plan.steps, key=lambda step: step.inputs[0].fact.elements)
    elements = step.inputs[0].fact.elements
    assert step_memory(step, "stretch", input_dtype="BF16") - step_memory(step, "stretch") == 3 * 2 * elements
    assert step_memory(step, "stretch", input_dtype="F32") == step_memory(step, "stretch")
    method = method_get("merge", "linear")
    cast = plan.model_copy(update={"input_dtype": "BF16"})
    assert merge_estimate(cast, method).memory_bytes - merge_estimate(plan, method).memory_bytes == 2 * 3 * 2 * elements
