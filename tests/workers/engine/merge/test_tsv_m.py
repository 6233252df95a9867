import numpy as np
import pytest
import torch

from tests.workers.engine.merge import spectral_references as references
from tests.workers.engine.merge.families import family, low_rank
from tests.workers.engine.merge.steps import merged, tensors


@pytest.mark.parametrize("shape", [(24, 24), (40, 15), (15, 40), (3, 50), (1, 9), (9, 1)])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_agrees_with_full_decompositions(shape, count):
    base, sources = family(shape, count)
    result = merged("tsv_m", base, sources, maths=torch.float64, **{"lambda": 0.7})
    assert references.relative(result, base, references.tsv_m(base, sources, 0.7)) < 1e-5


def test_agrees_where_a_change_has_few_directions():
    base, sources = low_rank((30, 20))
    result = merged("tsv_m", base, sources, maths=torch.float64)
    assert references.relative(result, base, references.tsv_m(base, sources)) < 1e-5


@pytest.mark.parametrize("shape", [(7,), (), (2, 3, 4, 5)])
def test_other_tensors_are_averaged(shape):
    base, *sources = tensors(4, shape)
    expected = base.double() + sum(source.double() - base.double() for source in sources) / 3
    assert torch.allclose(merged("tsv_m", base, sources).double(), expected, rtol=1e-6, atol=1e-6)


def test_one_source_is_given_back():
    base, (source,) = family((20, 30), 1)
    assert torch.allclose(merged("tsv_m", base, [source], maths=torch.float64), source, rtol=0, atol=1e-8)


def test_a_vanishing_change_and_a_repeated_one_are_no_tasks_of_their_own():
    base, (first, second) = family((21, 21), 2)
    rank = 7
    expected = references.svd((first - base).numpy())
    kept = expected[0][:, :rank] @ np.diag(expected[1][:rank]) @ expected[2][:rank]
    alone = merged("tsv_m", base, [first, base.clone(), base.clone()], maths=torch.float64)
    assert references.relative(alone, base, base.numpy() + kept) < 1e-5
    thrice = merged("tsv_m", base, [first, first.clone(), first.clone()], maths=torch.float64)
    assert references.relative(thrice, base, base.numpy() + kept) < 1e-5
    assert not torch.allclose(alone, merged("tsv_m", base, [first, second, base.clone()], maths=torch.float64))


def test_orthogonal_tasks_do_not_disturb_each_other():
    """Changes on disjoint rows and columns: each comes through whole."""
    base = torch.zeros(12, 12)
    left, right = torch.zeros(12, 12), torch.zeros(12, 12)
    left[:6, :6] = torch.randn(6, 6, generator=torch.Generator().manual_seed(1))
    right[6:, 6:] = torch.randn(6, 6, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(merged("tsv_m", base, [left, right]), left + right, atol=1e-5)
