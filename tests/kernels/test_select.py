"""Exact selection: always k entries, the largest ones, lowest index first among equals."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kernels.select import Trimmer, count_of, magnitude_bits, sample_stride, threshold


def trimmed(values: torch.Tensor, keep: int, stretch: int = 1000, sample: np.ndarray | None = None) -> torch.Tensor:
    integer = torch.int32 if values.dtype == torch.float32 else torch.int64
    bits = magnitude_bits(values, torch.empty(values.numel(), dtype=integer)).numpy()
    some = bits[:: sample_stride(bits.size)] if sample is None else sample

    def visit():
        return (bits[start : start + stretch] for start in range(0, bits.size, stretch))

    trimmer = Trimmer(threshold(visit, some, bits.size, keep))
    out = torch.empty_like(values)
    parts = [trimmer.trim(part, out[: part.numel()]).clone() for part in values.split(stretch)]
    return torch.cat(parts)


def expected(values: torch.Tensor, keep: int) -> torch.Tensor:
    order = np.argsort(-np.abs(values.numpy()), kind="stable")[:keep]
    mask = np.zeros(values.numel(), bool)
    mask[order] = True
    return torch.from_numpy(np.where(mask, values.numpy(), 0).astype(values.numpy().dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("density", [1e-9, 0.01, 0.3, 0.5, 0.999, 1.0])
def test_keeps_the_largest(dtype, density):
    values = torch.randn(50_021, generator=torch.Generator().manual_seed(1), dtype=dtype)
    keep = count_of(density, values.numel())
    assert torch.equal(trimmed(values, keep), expected(values, keep))


@pytest.mark.parametrize("keep", [1, 2, 500, 33_333, 33_334, 66_000, 99_999])
def test_takes_the_lowest_index_first_among_equals(keep):
    values = torch.tensor([1.0, -1.0, 0.5]).repeat(33_333)
    assert torch.equal(trimmed(values, keep), expected(values, keep))


def test_bf16_differences_have_many_ties_and_still_give_exactly_k():
    generator = torch.Generator().manual_seed(2)
    values = (torch.randn(200_000, generator=generator) * 1e-3).bfloat16().float()
    kept = trimmed(values, 60_000)
    assert int(kept.count_nonzero()) == 60_000
    assert torch.equal(kept, expected(values, 60_000))


@pytest.mark.parametrize("misleading", [0, 5, 2**30, 2**31 - 1])
def test_a_sample_that_misleads_costs_a_pass_and_no_exactness(misleading):
    values = torch.randn(10_000, generator=torch.Generator().manual_seed(3))
    sample = np.full(500, misleading, dtype=np.int32)
    assert torch.equal(trimmed(values, 3_000, sample=sample), expected(values, 3_000))


def test_mass_at_zero_is_no_trouble():
    values = torch.zeros(100_000)
    values[::100] = torch.arange(1.0, 1001.0)
    assert torch.equal(trimmed(values, 30_000), values)
    assert torch.equal(trimmed(values, 10), expected(values, 10))


def test_infinity_counts_as_the_largest():
    values = torch.tensor([1.0, float("-inf"), 3.0, float("inf"), 2.0])
    assert trimmed(values, 2).tolist() == [0.0, float("-inf"), 0.0, float("inf"), 0.0]


def test_nan_stays_so_that_it_shows():
    values = torch.tensor([1.0, float("nan"), 3.0, 2.0])
    assert torch.isnan(trimmed(values, 2)[1])


@pytest.mark.parametrize(
    ("density", "elements", "count"),
    [(0.3, 10, 3), (0.39, 10, 3), (1e-12, 10, 1), (1.0, 10, 10), (2.0, 10, 10), (0.5, 1, 1), (0.2, 1 << 24, 3355443)],
)
def test_counts_as_the_definition_says(density, elements, count):
    assert count_of(density, elements) == count


@settings(max_examples=60, deadline=None)
@given(
    values=hnp.arrays(
        np.float32,
        st.integers(1, 300),
        elements=st.one_of(st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0]), st.floats(-10, 10, width=32)),
    ),
    share=st.floats(0.001, 1.0),
    stretch=st.sampled_from([1, 7, 64, 1000]),
)
def test_agrees_with_a_stable_sort_on_anything(values, share, stretch):
    tensor = torch.from_numpy(values)
    keep = count_of(share, tensor.numel())
    assert torch.equal(trimmed(tensor, keep, stretch), expected(tensor, keep))
