"""Sign election, entry by entry, by hand."""

import pytest
import torch

from kernels.reference.election import elect


def run(rows, weights, *, normalize, dtype=torch.float32, **options):
    deltas = [torch.tensor(row, dtype=dtype) for row in rows]
    before = [delta.clone() for delta in deltas]
    out, scratch = torch.empty_like(deltas[0]), [torch.empty_like(deltas[0]) for _ in range(3)]
    merged, agreed = elect(deltas, weights, normalize=normalize, out=out, scratch=scratch, **options)
    assert all(torch.equal(delta, kept) for delta, kept in zip(deltas, before, strict=True))
    return merged.tolist(), agreed


def test_averages_those_that_agree():
    merged, agreed = run([[1.0, -1.0], [3.0, -2.0], [-1.0, 5.0]], [1.0, 1.0, 1.0], normalize=True)
    assert merged == [2.0, 5.0]
    assert agreed == 3


def test_a_zero_sum_elects_plus():
    merged, _ = run([[1.0, 0.0], [-1.0, 0.0]], [1.0, 1.0], normalize=True)
    assert merged == [1.0, 0.0]


def test_a_negative_zero_sum_elects_plus():
    merged, _ = run([[-0.0], [-0.0]], [1.0, 1.0], normalize=True)
    assert merged == [0.0]


def test_zero_entries_agree_with_nobody():
    merged, agreed = run([[4.0], [0.0], [0.0]], [1.0, 1.0, 1.0], normalize=True)
    assert (merged, agreed) == ([4.0], 1)


def test_weights_count_in_the_vote_and_in_the_mean():
    merged, _ = run([[1.0], [-3.0]], [4.0, 1.0], normalize=True)
    assert merged == [1.0]
    merged, _ = run([[1.0], [3.0]], [3.0, 1.0], normalize=True)
    assert merged == [1.5]


def test_a_negative_weight_votes_the_other_way():
    # v = [-2, 3]: plus wins, the second alone agrees.
    merged, _ = run([[2.0], [3.0]], [-1.0, 1.0], normalize=True)
    assert merged == [3.0]
    # v = [2, 3]: both agree, D = -1 + 1 = 0 counts as one.
    merged, _ = run([[-2.0], [3.0]], [-1.0, 1.0], normalize=True)
    assert merged == [5.0]


def test_sums_without_normalize():
    merged, _ = run([[1.0], [3.0], [-1.0]], [1.0, 0.5, 1.0], normalize=False)
    assert merged == [2.5]


def test_raw_votes_go_by_the_changes_alone():
    # Weighted, v = [1, -5]: minus wins. Raw, 3 against 1: plus.
    merged, _ = run([[3.0], [-1.0]], [1.0, 5.0], normalize=True, raw=True)
    assert merged == [3.0]
    # A negative weight neither turns its vote round nor leaves the sum: (2·3 - 1·1) / (2 - 1).
    merged, agreed = run([[3.0], [1.0]], [2.0, -1.0], normalize=True, raw=True)
    assert (merged, agreed) == ([5.0], 2)


def test_counting_divides_by_how_many_agree():
    merged, _ = run([[1.0], [3.0], [-1.0]], [2.0, 4.0, 1.0], normalize=True, count=True)
    assert merged == [7.0]
    merged, _ = run([[0.0], [0.0]], [2.0, 4.0], normalize=True, count=True)
    assert merged == [0.0]


@pytest.mark.parametrize("weight", [0.1, 1e-3, 0.7])
def test_a_lone_agreeing_source_keeps_its_value(weight):
    merged, _ = run([[2.0], [0.0]], [weight, weight], normalize=True)
    assert merged == pytest.approx([2.0], rel=2e-7)


def test_works_in_float64():
    merged, _ = run([[1.0 + 1e-12], [1.0]], [1.0, 1.0], normalize=True, dtype=torch.float64)
    assert merged[0] == pytest.approx(1.0 + 5e-13, abs=1e-16)
