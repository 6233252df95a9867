"""TIES with one threshold for the whole model: against a sort of the flat model, which the engine never makes."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.builders import model_folder
from tests.workers.engine.merge import references
from tests.workers.engine.merge.steps import close, merged, step_and_result, tensors
from tests.workers.engine.plans import plan_of
from tests.workers.jobs.ports import FakeCancel, FakeReporter
from workers.engine.execute import execute

SHAPES = {"a": (31, 7), "b": (400,), "c": (5, 6, 7), "d": ()}


def family(root, *, coarse=False, dtype=torch.float32, count=3):
    """Models whose tensors differ in scale, so that a threshold for all trims some tensors harder than others."""
    generator = torch.Generator().manual_seed(3)
    base = {name: torch.randn(shape, generator=generator) for name, shape in SHAPES.items()}
    states = [base]
    for _ in range(count - 1):
        state = {}
        for scale, (name, tensor) in enumerate(base.items()):
            change = (0.1 + scale) * torch.randn(tensor.shape, generator=generator)
            # A coarse grid: many changes are equal, within a tensor and between tensors.
            state[name] = (tensor * 4).round() / 4 + change.round() if coarse else tensor + change
        states.append(state)
    if coarse:
        states[0] = {name: (tensor * 4).round() / 4 for name, tensor in base.items()}
    return [
        model_folder(root / str(index), {name: tensor.to(dtype) for name, tensor in state.items()})
        for index, state in enumerate(states)
    ]


def run(folders, root, **parameters):
    plan = plan_of(folders, "ties", scope="global", **parameters)
    execute(plan, folders, root / "out", root / "journal", reporter=FakeReporter(), cancel=FakeCancel(), threads=2)
    return {name: tensor for file in (root / "out").glob("*.safetensors") for name, tensor in load_file(file).items()}


def expected(folders, densities):
    states = [load_file(folder / "model.safetensors") for folder in folders]
    names = sorted(states[0])
    flat = [np.concatenate([state[name].float().numpy().ravel() for name in names]) for state in states]
    # float32 changes, as the engine takes them: what would differ in float64 may be equal there.
    trimmed = [
        references.trim(source - flat[0], density).astype(np.float64)
        for source, density in zip(flat[1:], densities, strict=True)
    ]
    whole = flat[0] + references.elect_and_merge(trimmed, [1.0] * len(trimmed), True)
    pieces = np.split(whole, np.cumsum([states[0][name].numel() for name in names])[:-1])
    return {name: piece.reshape(SHAPES[name]) for name, piece in zip(names, pieces, strict=True)}


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize("densities", [[0.3, 0.3], [0.05, 0.8], [1.0, 1e-9]])
def test_agrees_with_a_sort_of_the_flat_model(coarse, densities, tmp_path):
    folders = family(tmp_path, coarse=coarse)
    made, wanted = run(folders, tmp_path, density=densities), expected(folders, densities)
    assert all(close(made[name], wanted[name]) for name in SHAPES)


def test_ties_of_bfloat16_changes_are_kept_in_the_order_of_the_plan(tmp_path):
    folders = family(tmp_path, dtype=torch.bfloat16, coarse=True, count=2)
    made, wanted = run(folders, tmp_path, density=0.4), expected(folders, [0.4])
    assert all(torch.equal(made[name], torch.from_numpy(wanted[name]).bfloat16()) for name in SHAPES)


@pytest.mark.parametrize("density", [0.01, 0.3, 1.0])
@pytest.mark.parametrize("maths", [torch.float32, torch.float64])
def test_one_tensor_alone_is_trimmed_as_by_tensor(density, maths):
    made = [tensor.to(maths) for tensor in tensors(4, (70, 30))]
    alone, by_tensor = (
        merged("ties", made[0], made[1:], density=density, scope=scope, maths=maths) for scope in ("global", "tensor")
    )
    assert torch.equal(alone, by_tensor)


def test_a_run_stopped_after_the_rounds_goes_on_to_the_same_bytes(tmp_path):
    folders = family(tmp_path, coarse=True)
    undisturbed = run(folders, tmp_path / "undisturbed", shards=2)

    class Stopping(FakeReporter):
        def checkpoint(self, unit, **data):
            raise KeyboardInterrupt

    plan = plan_of(folders, "ties", scope="global", shards=2)
    places = {"out": tmp_path / "out", "journal": tmp_path / "journal"}
    with pytest.raises(KeyboardInterrupt):
        execute(plan, folders, **places, reporter=Stopping(), cancel=FakeCancel())
    execute(plan, folders, **places, reporter=FakeReporter(), cancel=FakeCancel())
    resumed = {
        name: tensor for file in (tmp_path / "out").glob("*.safetensors") for name, tensor in load_file(file).items()
    }
    assert all(torch.equal(resumed[name], undisturbed[name]) for name in SHAPES)


def test_tensors_that_are_trimmed_by_themselves_do_not_count(tmp_path):
    folders = family(tmp_path)
    plan = plan_of(folders, "ties", scope="global", density=0.3)
    alone = {"b": "tensor"}
    steps = tuple(
        step.model_copy(update={"parameters": step.parameters | {"scope": alone.get(step.name, "global")}})
        for step in plan.steps
    )
    mixed = plan.model_copy(update={"steps": steps})
    places = {"out": tmp_path / "out", "journal": tmp_path / "journal"}
    execute(mixed, folders, **places, reporter=FakeReporter(), cancel=FakeCancel())
    made = load_file(tmp_path / "out" / "model.safetensors")
    states = [load_file(folder / "model.safetensors") for folder in folders]
    others = [
        model_folder(tmp_path / f"without-{index}", {name: tensor for name, tensor in state.items() if name != "b"})
        for index, state in enumerate(states)
    ]
    rest = run(others, tmp_path / "rest", density=0.3)
    assert all(torch.equal(made[name], tensor) for name, tensor in rest.items())
    assert torch.equal(made["b"], merged("ties", states[0]["b"], [state["b"] for state in states[1:]], density=0.3))


def test_a_large_change_in_one_tensor_leaves_nothing_to_the_others(tmp_path):
    states = [{"a": torch.zeros(100), "b": torch.zeros(100)}, {"a": torch.ones(100), "b": torch.full((100,), 5.0)}]
    folders = [model_folder(tmp_path / str(index), state) for index, state in enumerate(states)]
    made = run(folders, tmp_path, density=0.5)
    assert (made["a"].sum().item(), made["b"].sum().item()) == (0.0, 500.0)


def test_counts_what_it_kept():
    base, source = tensors(2, (100, 100))
    step, _ = step_and_result("ties", base, [source], density=0.25, scope="global")
    assert step.measures.kept == [2500]
