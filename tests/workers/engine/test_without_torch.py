"""What compiled kernels make is made without torch, whole runs of it, and to the same bytes; everything else has torch as ever."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from kernels.compiled.library import is_built
from tests.builders import finetuned, mlp_state, model_folder
from tests.workers.engine.plans import plan_of
from tests.workers.jobs.ports import FakeCancel, FakeReporter
from workers.engine.execute import execute
from workers.engine.io.digest import digest_of_folder

pytestmark = pytest.mark.skipif(not is_built(), reason="The compiled kernels are not built: there was no C compiler.")
ROOT = Path(__file__).parents[3]
METHODS: dict[str, dict[str, object]] = {
    "linear": {"weight": [0.7, 0.2, 0.3]}, "slerp": {"t": 0.3}, "task_arithmetic": {"weight": 0.4},
    "ties": {"density": 0.3}, "dare_linear": {"density": 0.5}, "dare_ties": {"density": 0.5},
    "breadcrumbs": {"density": 0.5, "gamma": 0.1}, "breadcrumbs_ties": {"density": 0.5, "gamma": 0.1},
}  # fmt: skip
DTYPES = [torch.float32, torch.bfloat16, torch.float16]
# Methods of one process, one after the other, and whether torch is there after each.
RUNS = """
import json, sys
from hub.cli import main
found = []
for recipe in sys.argv[1:]:
    code = main(["run", recipe, recipe.replace(".json", "")])
    found.append((code, "torch" in sys.modules))
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    """A base and three fine-tunes of it, each in a format of its own, with whole numbers that are copied."""
    root = tmp_path_factory.mktemp("family")
    base = mlp_state(sizes=(40, 70, 9))
    folders = []
    for index in range(4):
        state = base if index == 0 else finetuned(base, seed=index)
        state = {name: tensor.to(DTYPES[index % 3]) for name, tensor in state.items()}
        state |= {"steps": torch.arange(3), "half": torch.ones(5, dtype=DTYPES[index % 3])}
        folders.append(model_folder(root / f"model-{index}", state, config={"model_type": "toy"}))
    return folders


def recipe(folder: Path, method: str, family: list[Path], **parameters: object) -> str:
    base, *tuned = map(str, family)
    models = [base, tuned[0]] if method == "slerp" else tuned
    whole = {key: value for key, value in parameters.items() if key == "t"}
    each = {"weight": 0.5} | {key: value for key, value in parameters.items() if key != "t"}
    document = {
        "merge_method": method, "dtype": "bfloat16", "parameters": whole,
        "models": [
            {"model": model} if whole else {"model": model, "parameters": {key: value[index] if isinstance(value, list) else value for key, value in each.items()}}
            for index, model in enumerate(models)
        ],
    }  # fmt: skip
    if method != "linear":
        document["base_model"] = base
    path = folder / f"{method}.json"
    path.write_text(json.dumps(document))
    return str(path)


def carried_out(recipes: list[str], **environment: str) -> list[list[object]]:
    done = subprocess.run(
        [sys.executable, "-c", RUNS, *recipes], cwd=ROOT, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"} | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: list[list[object]] = json.loads(done.stdout.splitlines()[-1])
    assert [code for code, _ in found] == [0] * len(recipes), done.stderr
    return found


def digests(recipes: list[str]) -> list[str]:
    return [digest_of_folder(Path(path).with_suffix("")) for path in recipes]


@pytest.mark.journey
def test_compiled_methods_never_load_torch_and_give_the_bytes_that_torch_gives(family, tmp_path):
    ways = {"without": {}, "with": {"GENEPOOL_KERNELS": "cpu"}}
    made = {}
    for name, environment in ways.items():
        (tmp_path / name).mkdir()
        recipes = [recipe(tmp_path / name, method, family, **values) for method, values in METHODS.items()]
        assert carried_out(recipes, **environment) == [[0, name == "with"]] * len(METHODS)
        made[name] = digests(recipes)
    assert made["without"] == made["with"]


@pytest.mark.journey
def test_torch_comes_in_for_what_needs_it_and_gives_the_same_bytes_then(family, tmp_path):
    broken = {name: tensor.clone() for name, tensor in mlp_state(sizes=(40, 70, 9)).items()}
    broken["layers.0.weight"][3, 4] = float("nan")
    folder = model_folder(tmp_path / "broken", broken, config={"model_type": "toy"})
    others = [
        model_folder(tmp_path / f"other-{seed}", finetuned(broken, seed=seed), config={"model_type": "toy"})
        for seed in (1, 2)
    ]
    recipes = [recipe(tmp_path, "linear", [folder, folder, *others]), recipe(tmp_path, "della", family, density=0.5)]
    assert carried_out(recipes) == [[0, True]] * 2
    made = Path(recipes[0]).with_suffix("")
    report = json.loads((made / "report.json").read_text())
    told = {name: row for name, row in report["tensors"].items() if row["bad_results"]}
    assert list(told) == ["layers.0.weight"]
    # The first source alone is broken, and the fine-tunes of it are too.
    assert (told["layers.0.weight"]["bad_results"], told["layers.0.weight"]["bad_inputs"]) == (1, 3)


@pytest.mark.parametrize("method", METHODS)
def test_the_report_is_what_torch_reports(method, family, tmp_path, monkeypatch):
    folders = family[:2] if method == "slerp" else family
    plan = plan_of(folders if method != "linear" else folders[1:], method, **METHODS[method])
    found = {}
    for kernels in ("compiled", "cpu"):
        monkeypatch.setenv("GENEPOOL_KERNELS", kernels)
        place = tmp_path / kernels
        found[kernels] = execute(
            plan, folders if method != "linear" else folders[1:], place / "out", place / "journal",
            reporter=FakeReporter(), cancel=FakeCancel(),
        )  # fmt: skip
    one, other = found["compiled"], found["cpu"]
    assert one.digest == other.digest
    assert one.tensors.keys() == other.tensors.keys()
    for name, measures in one.tensors.items():
        assert numbers_of(measures) == pytest.approx(
            numbers_of(other.tensors[name]), rel=1e-4, abs=1e-6, nan_ok=True
        ), name


def numbers_of(measures: dict[str, Any]) -> dict[str, float]:
    """Lists taken apart: one number under each name, NaN where there is none."""
    flat = {}
    for key, value in measures.items():
        for index, number in enumerate(value if isinstance(value, list) else [value]):
            flat[f"{key} {index}"] = math.nan if number is None else number
    return flat
