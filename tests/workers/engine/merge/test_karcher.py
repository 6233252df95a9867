import numpy as np
import pytest
import torch

from tests.workers.engine.merge import sphere_references as references
from tests.workers.engine.merge.steps import close, merged, tensors


@pytest.mark.parametrize("count", [2, 3, 5])
@pytest.mark.parametrize("spread", [0.1, 1.0, 3.0])
def test_agrees_with_float64_iterations_on_the_vectors(count, spread):
    sources = tensors(count, (30, 20), scale=spread)
    vectors = [vector.ravel() for vector in references.double(sources)]
    mean = references.mean_direction(vectors, [1 / count] * count, iterations=60)
    expected = np.mean([np.linalg.norm(vector) for vector in vectors]) * mean.reshape(sources[0].shape)
    assert close(merged("karcher", None, sources, max_iter=100, tol=1e-9), expected)


def test_is_where_the_pulls_towards_all_sources_cancel():
    """What characterises the mean: the tangents from it to the sources sum to zero."""
    sources = [tensor.double() for tensor in tensors(4, (200,), scale=2.0)]
    result = merged("karcher", None, sources, maths=torch.float64, max_iter=100, tol=1e-12).numpy()
    point = result / np.linalg.norm(result)
    units = [source.numpy() / source.norm().item() for source in sources]
    assert np.linalg.norm(sum(references.log_at(point, unit) for unit in units)) < 1e-6


def test_two_models_meet_half_way_on_their_arc():
    first, second = (vector / vector.norm() for vector in tensors(2, (300,), scale=1.0))
    assert torch.allclose(merged("karcher", None, [first, second]), merged("slerp", first, [second], t=0.5), atol=1e-6)


def test_a_source_without_length_counts_for_the_mean_length_alone():
    source = tensors(1)[0]
    assert torch.allclose(merged("karcher", None, [source, torch.zeros_like(source)]), source / 2)


def test_all_zero_gives_zero():
    assert merged("karcher", None, [torch.zeros(5)] * 3).tolist() == [0.0] * 5


def test_opposite_sources_start_from_the_first():
    one = torch.ones(4)
    result = merged("karcher", None, [one, -one])
    assert result.isfinite().all()
    assert result.abs().tolist() == pytest.approx([1.0] * 4)
