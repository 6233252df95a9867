"""Every row of the kernel table leads somewhere, and the override is obeyed."""

from importlib.util import find_spec

import pytest
import torch

from kernels import dispatch
from kernels.dispatch import INTERPRETER, OVERRIDE, TABLE, implementation, kernel


@pytest.fixture
def with_triton(monkeypatch):
    monkeypatch.setattr(dispatch, "_is_installed", lambda: True)


@pytest.fixture
def without_triton(monkeypatch):
    monkeypatch.setattr(dispatch, "_is_installed", lambda: False)


@pytest.fixture(params=[True, False], ids=["compiled", "no compiler"])
def built(request, monkeypatch):
    """Whether the installation found a C compiler."""
    monkeypatch.setattr(dispatch, "is_built", lambda: request.param)
    return request.param


@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_kernel_has_a_reference_and_leads_to_functions(name, built, without_triton):
    assert "reference" in TABLE[name]
    assert all(callable(kernel(name, device)) for device in ("cpu", "cuda"))
    for path in TABLE[name].values():
        assert find_spec(path.partition(":")[0]), path


def test_takes_the_devices_own_kernel(built):
    assert kernel("bernoulli", "cpu").__module__ == ("kernels.compiled.draws" if built else "kernels.draws")
    assert kernel("elect", "cpu").__module__ == "kernels.reference.election"


def test_a_gpu_has_triton_or_plain_torch(built, monkeypatch):
    for installed, chosen in ((True, "triton"), (False, "reference")):
        monkeypatch.setattr(dispatch, "_is_installed", lambda installed=installed: installed)
        assert implementation("cuda:1") == chosen
        assert implementation(torch.device("cpu")) == ("compiled" if built else "cpu")


def test_what_is_not_computed_in_float32_goes_to_torch(monkeypatch):
    monkeypatch.setattr(dispatch, "is_built", lambda: True)
    assert kernel("gram", dtype=torch.float64).__module__ == "kernels.reference.gram"


def test_compiled_kernels_are_refused_where_they_cannot_run(monkeypatch):
    monkeypatch.setenv(OVERRIDE, "compiled")
    monkeypatch.setattr(dispatch, "is_built", lambda: True)
    with pytest.raises(ValueError, match="tensors are on cuda"):
        kernel("gram", "cuda")
    monkeypatch.setattr(dispatch, "is_built", lambda: False)
    with pytest.raises(ValueError, match=r"not built.*C compiler"):
        kernel("gram")


def test_what_triton_does_not_compute_goes_to_the_reference(with_triton):
    assert kernel("gram", "cuda", dtype=torch.float64).__module__ == "kernels.reference.gram"
    assert kernel("row_ranks", "cuda", size=4097).__module__ == "kernels.reference.selection"


def test_the_environment_overrules(monkeypatch):
    monkeypatch.setenv(OVERRIDE, "reference")
    assert kernel("bernoulli", "cpu").__module__ == "kernels.reference.philox"


def test_an_unknown_override_is_told(monkeypatch):
    monkeypatch.setenv(OVERRIDE, "refrence")
    with pytest.raises(ValueError, match="known are compiled, cpu, reference, triton"):
        kernel("elect")


def test_triton_is_refused_where_it_cannot_run(monkeypatch, without_triton):
    monkeypatch.setenv(OVERRIDE, "triton")
    monkeypatch.delenv(INTERPRETER, raising=False)
    with pytest.raises(ValueError, match="not installed"):
        kernel("elect", "cuda")
    monkeypatch.setattr(dispatch, "_is_installed", lambda: True)
    with pytest.raises(ValueError, match="TRITON_INTERPRET=1"):
        kernel("elect")
    assert implementation("cuda") == "triton"
