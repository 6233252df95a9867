import numpy as np
import pytest
import torch

from tests.workers.engine.merge import spectral_references as references
from tests.workers.engine.merge.families import family, low_rank
from tests.workers.engine.merge.steps import merged


@pytest.mark.parametrize("shape", [(24, 24), (40, 15), (15, 40), (1, 9), (7,), (3, 2, 2)])
@pytest.mark.parametrize("count", [1, 3])
def test_agrees_with_full_decompositions(shape, count):
    base, sources = family(shape, count)
    result = merged("iso_c", base, sources, maths=torch.float64, **{"lambda": 1.3})
    assert references.relative(result, base, references.iso_c(base, sources, 1.3)) < 1e-5


def test_all_singular_values_become_their_mean():
    base, sources = family((30, 18))
    before = np.linalg.svd(
        references.deltas(base, sources)[0] + sum(references.deltas(base, sources[1:])), compute_uv=False
    )
    after = np.linalg.svd(
        (merged("iso_c", base, sources, maths=torch.float64, **{"lambda": 1.0}) - base).numpy(), compute_uv=False
    )
    assert np.allclose(after, before.mean(), rtol=1e-8)


def test_directions_that_nobody_changed_stay_as_they_were():
    base, sources = low_rank((20, 14))
    change = merged("iso_c", base, sources, maths=torch.float64, **{"lambda": 1.0})
    assert references.relative(change, base, references.iso_c(base, sources)) < 1e-5
    assert int(torch.linalg.matrix_rank(change)) == int(torch.linalg.matrix_rank(sources[0] + sources[1]))


def test_an_ill_conditioned_sum_is_decomposed_itself():
    """The Gram matrix squares the condition: at 1e-6 its eigenvalues are mostly rounding."""
    base, (source,) = family((25, 25), 1)
    left, _, right = np.linalg.svd((source - base).numpy())
    spread = torch.from_numpy(left @ np.diag(np.logspace(0, -7, 25)) @ right)
    base = torch.zeros_like(base)
    result = merged("iso_c", base, [spread], maths=torch.float64, **{"lambda": 1.0})
    assert references.relative(result, base, references.iso_c(base, [spread])) < 1e-5
