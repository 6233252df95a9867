"""Rounds over the whole model, and values learned for each tensor, as a method file declares and uses them."""

import sys
from types import ModuleType

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.builders import vit_family
from tests.workers.engine.plans import plan_of
from tests.workers.jobs.ports import FakeCancel, FakeReporter
from workers.contracts.errors import Cancelled
from workers.contracts.methods import METHODS, Method
from workers.engine.execute import execute
from workers.engine.merge.rounds import Round


def largest(step):
    magnitudes = torch.stack([step.whole(index).abs().max().double() for index in range(len(step.sources))])
    return {"max_change": magnitudes, "tensors": torch.ones(1, dtype=torch.int64)}


def settle_largest(tally, parameters):
    return {"largest": tally["max_change"].tolist(), "tensors": int(tally["tensors"])}


def above(step):
    counts = [
        int((step.whole(index).abs() * 2 > step.settled["largest"][index]).sum()) for index in range(len(step.sources))
    ]
    return {"above": torch.tensor(counts)}


def merge(step):
    """The first source's change in units of the largest change anywhere; what was learned is added."""
    unit = step.settled["largest"][0]
    extra = step.learned.get("shift", 0.0)
    return step.combine_whole(lambda vectors: vectors[0] / unit + extra)


@pytest.fixture
def by_rounds(monkeypatch):
    """A method of its own, `by_rounds`, that needs two rounds."""
    module = ModuleType("method_by_rounds")
    module.merge = merge
    module.ROUNDS = (
        Round("largest", largest, settle_largest),
        Round("above", above, lambda tally, parameters: {"above": tally["above"].tolist()}),
    )
    monkeypatch.setitem(sys.modules, "method_by_rounds", module)
    row = Method("by_rounds", "merge", "By rounds", "", "", "method_by_rounds:merge", "base", memory="tensor")
    monkeypatch.setattr("workers.contracts.methods.METHODS", (*METHODS, row))
    monkeypatch.setitem(sys.modules["tests.workers.engine.plans"].DEFAULTS, "by_rounds", {})
    return module


def run(plan, family, root, **options):
    ports = {"reporter": FakeReporter(), "cancel": FakeCancel()} | options
    return execute(plan, family, root / "out", root / "journal", **ports)


def expected(family):
    base, source = (load_file(folder / "model.safetensors") for folder in family[:2])
    unit = max((source[name] - base[name]).abs().max().item() for name in base)
    return {name: base[name] + (source[name] - base[name]) / unit for name in base}


def test_a_round_sees_the_whole_model_before_the_first_tensor_is_made(by_rounds, tmp_path):
    family = list(vit_family(tmp_path / "models"))
    outcomes = [
        run(plan_of(family, "by_rounds"), family, tmp_path / str(threads), threads=threads) for threads in (1, 3)
    ]
    assert outcomes[0].digest == outcomes[1].digest
    made = load_file(tmp_path / "1" / "out" / "model.safetensors")
    for name, tensor in expected(family).items():
        assert torch.allclose(made[name], tensor, rtol=1e-6, atol=1e-6), name


def test_a_run_stopped_after_the_rounds_does_not_read_the_model_for_them_again(by_rounds, tmp_path):
    family = list(vit_family(tmp_path / "models"))
    plan = plan_of(family, "by_rounds", shards=3)
    undisturbed = run(plan, family, tmp_path / "undisturbed")

    class Stopping(FakeReporter):
        def checkpoint(self, unit, **data):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(plan, family, tmp_path / "killed", reporter=Stopping())
    by_rounds.ROUNDS = tuple(Round(round.name, None, None) for round in by_rounds.ROUNDS)
    assert run(plan, family, tmp_path / "killed").digest == undisturbed.digest


def test_cancelling_during_a_round_leaves_no_result(by_rounds, tmp_path):
    family = list(vit_family(tmp_path / "models"))
    with pytest.raises(Cancelled):
        run(plan_of(family, "by_rounds"), family, tmp_path, cancel=FakeCancel(at=1))
    assert not (tmp_path / "out").exists()


def test_what_was_learned_for_a_tensor_reaches_its_step(by_rounds, tmp_path):
    family = list(vit_family(tmp_path / "models"))
    plan = plan_of(family, "by_rounds")
    chosen = plan.steps[0]
    (tmp_path / "learned").mkdir()
    save_file({f"shift/{chosen.name}": torch.full((), 2.0)}, tmp_path / "learned" / "values.safetensors")
    run(plan, family, tmp_path, learned=tmp_path / "learned")
    made = load_file(tmp_path / "out" / "model.safetensors")
    for name, tensor in expected(family).items():
        shifted = tensor + 2.0 if name == chosen.name else tensor
        assert torch.allclose(made[name], shifted, rtol=1e-6, atol=1e-6), name
