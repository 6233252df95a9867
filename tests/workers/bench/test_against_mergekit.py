"""The comparison's parts: the recipe both sides get, what counts as agreement, what is measured of a process, what is printed."""

import json
import os
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from workers.bench import against
from workers.bench.agreement import agreement
from workers.bench.family import family_make, family_sized
from workers.bench.processes import Measured, measured, plain_environment
from workers.contracts.parsing import parse
from workers.planning.local import local_check

MIB = 2**20


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    return family_make(tmp_path_factory.mktemp("family"), layers=1, width=16, vocabulary=32)


@pytest.mark.parametrize("method", against.METHODS)
def test_both_sides_get_a_recipe_that_we_take_as_it_is(method, family):
    parsed = parse(json.dumps(against.recipe_of(method, family)), local=True)
    checked, _ = local_check(parsed)
    assert checked.ok, checked.findings
    assert checked.plan.method == method


@pytest.mark.parametrize("megabytes", [7, 350, 1000])
def test_a_family_is_as_large_as_asked_for(megabytes):
    size = family_sized(megabytes * 1e6)
    layers, width, vocabulary = size["layers"], size["width"], size["vocabulary"]
    assert 2 * (layers * 13 * width**2 + 2 * vocabulary * width) == pytest.approx(megabytes * 1e6, rel=0.13)


def altered(folder, root, change):
    root.mkdir()
    save_file(change(load_file(folder / "model.safetensors")), root / "model.safetensors")
    return root


def test_a_result_agrees_with_itself_and_not_with_another(family, tmp_path):
    base, one, other, _ = family
    assert agreement(one, one, base, by_lot=False) == (0.0, True)
    share, agrees = agreement(one, other, base, by_lot=False)
    assert share > 1
    assert not agrees
    rounded = altered(one, tmp_path / "rounded", lambda state: {name: (1.003 * tensor.float()).bfloat16() for name, tensor in state.items()})  # fmt: skip
    share, agrees = agreement(rounded, one, base, by_lot=False)
    assert 0 < share < 0.1
    assert agrees


def test_results_by_lot_agree_when_they_went_as_far(family, tmp_path):
    base, one, other, _ = family
    assert agreement(one, other, base, by_lot=True)[1]
    origin = load_file(base / "model.safetensors")
    far = altered(one, tmp_path / "far", lambda state: {name: (origin[name].float() + 1.2 * (tensor.float() - origin[name].float())).bfloat16() for name, tensor in state.items()})  # fmt: skip
    assert not agreement(far, one, base, by_lot=True)[1]


@pytest.mark.parametrize(
    "change",
    [
        lambda state: {name: tensor for name, tensor in state.items() if "norm" not in name},
        lambda state: {name: tensor[:1].contiguous() for name, tensor in state.items()},
        lambda state: {name: torch.full_like(tensor, torch.nan) for name, tensor in state.items()},
    ],
    ids=["tensors missing", "other shapes", "not a number"],
)
def test_a_result_that_is_no_such_model_does_not_agree(change, family, tmp_path):
    base, one, *_ = family
    broken = altered(one, tmp_path / "broken", change)
    assert agreement(broken, one, base, by_lot=False) == (float("inf"), False)


def test_a_process_is_measured_to_its_end(tmp_path):
    script = "import time; kept = bytearray(64 << 20); sum(range(2_000_000)); time.sleep(0.1); print('said')"
    found = measured([sys.executable, "-c", script], tmp_path, plain_environment(GENEPOOL_KEPT="1"))
    assert found.text == "said\n"
    assert found.cpu_seconds > 0
    assert found.seconds > 0.1
    assert found.peak_bytes > 60 * MIB or not os.path.exists("/proc/self/status")


def test_a_process_that_fails_tells_why(tmp_path):
    with pytest.raises(RuntimeError, match="no such thing"):
        measured([sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path)


def test_another_packages_process_does_not_see_our_modules(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/ours")
    assert "PYTHONPATH" not in plain_environment()


def duel(theirs):
    found = against.Duel("ties", None, None, 350_000_000, share=0.03, agrees=True)
    found.theirs = [Measured(seconds, 2 * seconds, 800 * MIB, "") for seconds in theirs]
    found.ours = [Measured(seconds, 5.0, 200 * MIB, "") for seconds in (4.0, 2.0, 3.0)]
    return found


@pytest.mark.parametrize("theirs", [(33.0, 27.0, 30.0), ()])
def test_the_table_has_medians_ratios_and_whether_the_results_agree(theirs):
    row = against._row(duel(theirs))
    figures = {
        "rounds": 3, "threads": 2, "cores": 2, "load": 0.5, "rows": [row], "small": {"megabytes": 7, "seconds": 2.0, "cpu_seconds": 1.5},
        "floor": {"engine_s": 2.0, "copy_s": 1.0, "times_copy": 2.0},
        "depths": [{"method": "ties", "layers": [4, 16], "peak_memory_bytes": [180 * MIB, 181 * MIB]}],
    }  # fmt: skip
    text = against.table(figures)
    assert "180 MiB at 4 layers, 181 MiB at 16 layers" in text
    assert row["ours"]["seconds"] == 3.0
    if theirs:
        assert (row["times_faster"], row["times_less_cpu"], row["share_of_memory"]) == (10.0, 12.0, 0.25)
        assert "10.0×" in text
        assert "agrees (0.030)" in text
