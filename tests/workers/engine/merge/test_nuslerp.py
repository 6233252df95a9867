import numpy as np
import pytest
import torch

from tests.workers.engine.merge import sphere_references as references
from tests.workers.engine.merge.steps import close, merged, tensors


@pytest.mark.parametrize("with_base", [True, False])
@pytest.mark.parametrize("weights", [[1.0, 1.0], [0.2, 0.9], [1.0, -0.3], [1.0, -1.0]])
def test_agrees_with_float64(with_base, weights):
    base, *sources = tensors(3, (30, 20), scale=1.0)
    start = base if with_base else None
    exact, (first, second) = (base.double().numpy() if with_base else 0.0), references.double(sources)
    t = weights[1] / sum(weights) if sum(weights) else 0.5
    expected = exact + references.arc(first - exact, second - exact, t)
    assert close(merged("nuslerp", start, sources, weight=weights), expected)


@pytest.mark.parametrize(("row_wise", "axis"), [(False, -1), (True, 0)])
@pytest.mark.parametrize("shape", [(6, 5), (4, 3, 2, 5), (7,)])
def test_takes_every_vector_by_itself(row_wise, axis, shape):
    base, *sources = tensors(3, shape, scale=1.0)
    exact, (first, second) = base.double().numpy(), references.double(sources)
    moved = [np.moveaxis(vector - exact, axis, -1) for vector in (first, second)]
    each = np.empty_like(moved[0])
    for place in np.ndindex(moved[0].shape[:-1]):
        each[place] = references.arc(moved[0][place], moved[1][place], 0.25)
    result = merged("nuslerp", base, sources, weight=[3.0, 1.0], nuslerp_flatten=False, nuslerp_row_wise=row_wise)
    assert close(result, exact + np.moveaxis(each, -1, axis))


def test_is_slerp_on_models_that_are_not_colinear():
    first, second = tensors(2, (40, 40), scale=1.0)
    arc = merged("nuslerp", None, [first, second], weight=[0.7, 0.3])
    assert torch.allclose(arc, merged("slerp", first, [second], t=0.3), atol=1e-6)


def test_a_zero_vector_counts_as_a_right_angle():
    base, source = torch.zeros(4), torch.ones(4)
    result = merged("nuslerp", None, [base, source])
    assert result.tolist() == pytest.approx([0.5**0.5] * 4)


def test_opposite_vectors_fall_back_to_the_line():
    one = torch.ones(4)
    assert merged("nuslerp", None, [one, -one], weight=[3.0, 1.0]).tolist() == pytest.approx([0.5] * 4)


def test_rows_without_a_change_stay_the_base():
    base, *sources = tensors(3, (5, 4))
    for source in sources:
        source[2] = base[2]
    result = merged("nuslerp", base, sources, nuslerp_flatten=False)
    assert torch.equal(result[2], base[2])
    assert result.isfinite().all()
