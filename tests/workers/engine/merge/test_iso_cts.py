import numpy as np
import pytest
import torch

from tests.workers.engine.merge import spectral_references as references
from tests.workers.engine.merge.families import family, low_rank
from tests.workers.engine.merge.steps import merged
from workers.engine.merge.iso_cts import shares


@pytest.mark.parametrize("shape", [(24, 24), (40, 15), (15, 40), (1, 9), (7,), (3, 2, 2)])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("fraction", [0.0, 0.8, 1.0])
def test_agrees_with_full_decompositions(shape, count, fraction):
    base, sources = family(shape, count)
    result = merged("iso_cts", base, sources, maths=torch.float64, common_space_fraction=fraction, **{"lambda": 1.3})
    assert references.relative(result, base, references.iso_cts(base, sources, fraction, 1.3)) < 1e-5


@pytest.mark.parametrize(("rank", "tasks", "fraction", "expected"), [
    (768, 8, 0.8, (616, 19)), (10, 4, 0.0, (2, 2)), (6, 4, 0.0, (2, 1)), (3, 2, 1.0, (3, 0)), (1, 3, 0.8, (1, 0)), (64, 3, 0.8, (52, 4)),
])  # fmt: skip
def test_the_directions_are_shared_out_whole(rank, tasks, fraction, expected):
    assert shares(rank, tasks, fraction) == expected


def test_with_everything_in_common_it_is_iso_c():
    base, sources = family((20, 12))
    iso_cts = merged("iso_cts", base, sources, maths=torch.float64, common_space_fraction=1.0, **{"lambda": 1.0})
    assert torch.allclose(
        iso_cts, merged("iso_c", base, sources, maths=torch.float64, **{"lambda": 1.0}), rtol=0, atol=1e-9
    )


def test_all_singular_values_are_the_same():
    base, sources = family((30, 18))
    after = np.linalg.svd(
        (merged("iso_cts", base, sources, maths=torch.float64, **{"lambda": 1.0}) - base).numpy(), compute_uv=False
    )
    assert after[0] > 0
    assert np.allclose(after[: len(after) // 2], after[0], rtol=0.2)


def test_changes_of_few_directions():
    base, sources = low_rank((20, 14))
    result = merged("iso_cts", base, sources, maths=torch.float64, **{"lambda": 1.0})
    assert references.relative(result, base, references.iso_cts(base, sources, 0.8)) < 1e-5
