"""Where a merge job's tensors are made: on the request's GPU only where that pays, or where its kernels are asked for by name."""

from types import SimpleNamespace

import pytest

from tests.workers.jobs.ports import FakeReporter
from workers.contracts.plans import Plan
from workers.jobs import merge
from workers.planning.devices import Place


def device(monkeypatch, *, wanted="cuda:1", method="ties", pays=True, kernels=None):
    monkeypatch.setattr(merge, "merge_place", lambda plan, row: Place(learns=False, merges=pays, reason="So it is."))
    if kernels is not None:
        monkeypatch.setenv(merge.OVERRIDE, kernels)
    ports = SimpleNamespace(workspace=SimpleNamespace(request=SimpleNamespace(device=wanted)), reporter=FakeReporter())
    return merge._device(ports, Plan(method=method, method_revision=1, seed=0, steps=(), shards=()))


def test_goes_where_it_pays(monkeypatch):
    assert device(monkeypatch) == "cuda:1"
    assert device(monkeypatch, pays=False) == "cpu"
    assert device(monkeypatch, wanted="cpu") == "cpu"


@pytest.mark.parametrize(
    ("kernels", "method", "where"),
    [("triton", "ties", "cuda:1"), ("reference", "pcb", "cuda:1"), ("triton", "arcee_fusion", "cpu"), ("cpu", "ties", "cpu")],
)  # fmt: skip
def test_kernels_asked_for_by_name_decide(kernels, method, where, monkeypatch):
    assert device(monkeypatch, method=method, pays=False, kernels=kernels) == where
