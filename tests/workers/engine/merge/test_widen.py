import numpy as np
import pytest
import torch

from tests.workers.engine.merge import mask_references as references
from tests.workers.engine.merge.steps import merged, tensors


@pytest.mark.parametrize("shape", [(30, 17), (17, 30), (1, 9), (23,), (2, 3, 4, 5)])
@pytest.mark.parametrize(("ratio", "calibration"), [(1.0, 1.0), (0.5, 0.8), (3.0, 1.0)])
@pytest.mark.parametrize("count", [1, 3])
def test_agrees_with_float64(shape, ratio, calibration, count):
    base, *sources = (tensor.double() for tensor in tensors(count + 1, shape))
    result = merged(
        "widen", base, sources, maths=torch.float64, ratio=ratio, calibration=calibration, **{"lambda": 0.9}
    )
    expected = 0.9 * references.widen(base, sources, ratio, calibration)
    assert np.allclose((result - base).numpy(), expected, rtol=1e-6, atol=1e-9)


def test_a_table_of_embeddings_is_scored_token_by_token():
    base, *sources = (tensor.double() for tensor in tensors(3, (40, 8)))
    result = merged("widen", base, sources, maths=torch.float64, embedding=True)
    assert np.allclose(
        (result - base).numpy(), references.widen(base, sources, 1.0, 1.0, embedding=True), rtol=1e-6, atol=1e-9
    )


def test_a_column_that_only_one_model_touched_comes_through_whole():
    base = torch.ones(6, 10)
    source, other = base.clone(), base.clone()
    source[:, 9] = torch.tensor([2.0, -1.0, 0.0, 3.0, 1.0, 5.0])
    assert torch.allclose(merged("widen", base, [source, other])[:, 9], source[:, 9], atol=1e-5)


def test_columns_of_zeros_have_no_direction_and_do_no_harm():
    base = torch.zeros(4, 6)
    base[:, :3] = 1.0
    source = base.clone()
    source[0, 4] = 2.0
    result = merged("widen", base, [source, base.clone()])
    assert result.isfinite().all()
    assert result[0, 4] > 1.0
