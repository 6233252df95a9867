"""Peak memory of a merge follows the largest tensor, not the depth."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workers.bench.family import family_make

ROOT = Path(__file__).resolve().parents[3]
MIB = 2**20


def peak_of(root: Path, *, layers: int) -> tuple[int, int]:
    """(anonymous bytes at the peak, bytes of the result) of a whole TIES merge in a process of its own."""
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
    return cost["peak_memory_bytes"], cost["written_bytes"]


@pytest.mark.journey
def test_eight_times_the_layers_take_no_more_memory(tmp_path):
    shallow, _ = peak_of(tmp_path / "shallow", layers=2)
    deep, result = peak_of(tmp_path / "deep", layers=16)
    assert result > 55 * MIB
    assert deep - shallow < 16 * MIB
