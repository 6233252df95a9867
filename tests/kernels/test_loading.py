"""Imports that stay: out of the collector's sight, and the collector as it was afterwards."""

import gc
import sys

import pytest

from kernels.loading import for_good


@pytest.fixture
def without_torch(monkeypatch):
    """As in a process that is about to import it."""
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    yield
    gc.unfreeze()


def test_nothing_is_searched_during_the_import_and_what_came_in_never(without_torch):
    before = gc.get_freeze_count()
    with for_good():
        assert not gc.isenabled()
        came_in = [{"module": number} for number in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(came_in)


def test_a_failed_import_leaves_the_collector_at_work(without_torch):
    with pytest.raises(ImportError), for_good():
        import no_such_module_anywhere  # noqa: F401
    assert gc.isenabled()


def test_a_process_that_has_torch_is_left_alone():
    pytest.importorskip("torch")
    before = gc.get_freeze_count()
    with for_good():
        assert gc.isenabled()
    assert gc.get_freeze_count() <= before
