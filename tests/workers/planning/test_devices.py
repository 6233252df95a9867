"""Whether a GPU is worth its while for a merge, and what is said of it."""

import pytest

from workers.contracts.methods import method_get
from workers.contracts.plans import Plan
from workers.planning.devices import place_of

GB = 10**9


def place(method, gigabytes, rate, *, operations=0.0, compat=None):
    plan = Plan(method=method, method_revision=1, seed=0, steps=(), shards=(), compat=compat)
    return place_of(
        plan,
        method_get("merge", method),
        read=int(gigabytes * 4 * GB),
        write=int(gigabytes * GB),
        rate=rate,
        operations=operations,
    )


@pytest.mark.parametrize(
    ("method", "gigabytes", "rate", "words"),
    [
        ("linear", 16, 700e6, "keeps up with the disk"),
        ("ties", 0.002, 150e6, "done there before a GPU is ready"),
        ("arcee_fusion", 16, 45e6, "no GPU kernels"),
    ],
)
def test_a_merge_stays_on_the_cpu_and_says_why(method, gigabytes, rate, words):
    found = place(method, gigabytes, rate)
    assert not found.gpu
    assert words in found.reason


@pytest.mark.parametrize(
    ("method", "rate", "operations"), [("ties", 150e6, 0.0), ("della", 17e6, 0.0), ("iso_c", 400e6, 1e15)]
)
def test_what_is_slower_than_the_disk_goes_to_a_gpu(method, rate, operations):
    found = place(method, 16, rate, operations=operations)
    assert found.merges
    assert "slower than the disk" in found.reason
    assert "in place of" in found.reason


def test_learning_goes_to_a_gpu_and_its_merge_need_not():
    found = place("fisher", 16, 500e6)
    assert (found.learns, found.merges) == (True, False)
    assert found.reason.startswith("Learning runs on a GPU where there is one. The merge runs on the CPU")


def test_what_is_computed_as_mergekit_does_stays_on_the_cpu():
    assert not place("ties", 16, 150e6, compat="mergekit").gpu
