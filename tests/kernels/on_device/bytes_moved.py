"""The bytes that kernels say they move against those that the interpreter sees them load and store."""

from collections import Counter

import pytest
import torch
from triton.runtime import interpreter

from kernels.traffic import TRAFFIC
from kernels.workloads import Workload


@pytest.fixture
def moved(monkeypatch):
    """Bytes of blocks by kind of access; single numbers that a program reads for itself are left out."""
    seen = Counter()

    def watch(method, kind, mask_at):
        plain = getattr(interpreter.InterpreterBuilder, method)

        def watched(self, *arguments):
            pointers, mask = arguments[0 if kind != "atomic" else 1], arguments[mask_at]
            if pointers.data.size > 1:
                seen[kind] += int(mask.data.sum()) * pointers.get_element_ty().primitive_bitwidth // 8
            return plain(self, *arguments)

        monkeypatch.setattr(interpreter.InterpreterBuilder, method, watched)

    watch("create_masked_load", "reads", 1)
    watch("create_masked_store", "writes", 2)
    watch("create_atomic_rmw", "atomic", 3)
    return seen


@pytest.mark.parametrize("row", TRAFFIC, ids=lambda row: row.name)
@pytest.mark.parametrize(("sources", "dtype"), [(2, torch.bfloat16), (3, torch.float32)], ids=str)
def test_moves_what_it_says(row, sources, dtype, moved, monkeypatch):
    monkeypatch.setenv("GENEPOOL_KERNELS", "triton")
    elements = 64 if row.name == "row_ranks" else 1024
    run = Workload(elements, sources, dtype, columns=32).call(row.name)
    moved.clear()
    run()
    memory, cached = (elements * of(sources, dtype.itemsize) for of in (row.moved, row.cached))
    # Tables are read, histograms are added to; entries that did not change are counted in registers.
    tables = cached if moved["atomic"] == 0 else 0
    assert moved["reads"] + moved["writes"] == memory + tables
    assert moved["atomic"] <= cached
