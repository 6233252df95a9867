"""Every row of the kernel table leads somewhere, and the override is obeyed."""

import pytest

from kernels.dispatch import OVERRIDE, TABLE, kernel


@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_kernel_has_a_reference_and_leads_to_functions(name):
    assert "reference" in TABLE[name]
    assert all(callable(kernel(name, device)) for device in ("cpu", "cuda"))


def test_takes_the_devices_own_kernel():
    assert kernel("bernoulli", "cpu").__module__ == "kernels.draws"


def test_the_environment_overrules(monkeypatch):
    monkeypatch.setenv(OVERRIDE, "reference")
    assert kernel("bernoulli", "cpu").__module__ == "kernels.reference.philox"


def test_an_unknown_override_is_told(monkeypatch):
    monkeypatch.setenv(OVERRIDE, "refrence")
    with pytest.raises(ValueError, match="known are"):
        kernel("elect")
