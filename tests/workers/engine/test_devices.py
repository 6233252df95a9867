"""A merge on a device: named, refused where there is none, and the same bytes by whole-tensor kernels."""

import pytest
import torch

from kernels.dispatch import OVERRIDE
from tests.builders import vit_family
from tests.workers.engine.plans import plan_of
from tests.workers.jobs.ports import FakeCancel, FakeReporter
from workers.contracts.errors import UserError
from workers.engine import devices
from workers.engine.devices import device_named, put, turn
from workers.engine.execute import execute
from workers.engine.merge.step import MergeStep


def test_the_cpu_is_always_there():
    assert device_named("cpu") == "cpu"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
@pytest.mark.parametrize("name", ["cuda", "cuda:1"])
def test_a_gpu_that_is_not_there_is_refused(name):
    with pytest.raises(UserError, match=f"{name} is asked for, and there is no GPU"):
        device_named(name)


def test_a_gpu_beyond_the_last_and_unknown_devices_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert device_named("cuda:1") == "cuda:1"
    with pytest.raises(UserError, match="cuda:0 to cuda:1"):
        device_named("cuda:2")
    for name in ("tpu", "cuda:x", "cuda:", ""):
        with pytest.raises(UserError, match="no device"):
            device_named(name)


def test_a_step_goes_to_the_device_with_all_its_tensors():
    step = MergeStep(
        name="w",
        raw_base=torch.ones(3),
        raw_sources=(torch.ones(3), torch.ones(3)),
        source_ids=(1, 2),
        parameters={},
        format="F32",
    )
    moved = put(step, "meta")
    assert {tensor.device.type for tensor in (moved.base, *moved.sources, moved.buffer())} == {"meta"}
    assert put(step, "cpu") is step
    wide = MergeStep(
        name="w",
        raw_base=None,
        raw_sources=(torch.ones(3).double(),),
        source_ids=(0,),
        parameters={},
        format="F64",
        wide=True,
    )
    assert put(wide, "meta") is wide


def test_too_little_memory_on_the_device_is_told_with_a_way_out():
    def fill():
        with turn("meta"):
            raise torch.OutOfMemoryError("no room")

    with pytest.raises(UserError, match="does not hold this tensor") as caught:
        fill()
    assert "--device cpu" in caught.value.findings[0].consequence
    with turn("meta"):
        pass  # the next tensor has its turn


@pytest.mark.parametrize(
    ("method", "parameters"),
    [("ties", {"scope": "global"}), ("ties", {}), ("dare_ties", {}), ("della", {"density": 0.5})],
)
def test_whole_tensor_kernels_write_the_same_bytes(method, parameters, tmp_path, monkeypatch):
    folders = list(vit_family(tmp_path / "models"))
    plan = plan_of(folders, method, **parameters)

    def digest(place):
        ports = {"reporter": FakeReporter(), "cancel": FakeCancel(), "threads": 2}
        return execute(plan, folders, tmp_path / place / "out", tmp_path / place / "journal", **ports).digest

    stretches = digest("stretches")
    monkeypatch.setenv(OVERRIDE, "reference")
    assert digest("whole") == stretches


def test_a_merge_on_a_device_that_is_not_there_makes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(devices.torch.cuda, "is_available", lambda: False)
    folders = list(vit_family(tmp_path / "models"))
    with pytest.raises(UserError, match="no GPU"):
        execute(
            plan_of(folders, "linear"), folders, tmp_path / "out", tmp_path / "journal",
            reporter=FakeReporter(), cancel=FakeCancel(), device="cuda",
        )  # fmt: skip
    assert not (tmp_path / "out").exists()
