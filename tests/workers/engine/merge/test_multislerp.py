import numpy as np
import pytest
import torch

from tests.workers.engine.merge import sphere_references as references
from tests.workers.engine.merge.steps import close, merged, step_and_result, tensors
from workers.contracts.errors import UserError


@pytest.mark.parametrize("with_base", [True, False])
@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0], [0.2, 0.9, 2.0], [1.0, -0.3, 0.7]])
@pytest.mark.parametrize("normalize", [True, False])
def test_agrees_with_float64(with_base, weights, normalize):
    base, *sources = tensors(4, (30, 20), scale=1.0)
    exact = base.double().numpy() if with_base else np.zeros(base.shape)
    vectors = [(source - exact).ravel() for source in references.double(sources)]
    shares = [weight / sum(weights) for weight in weights] if normalize else weights
    lengths = [np.linalg.norm(vector) for vector in vectors]
    scale = sum(share * length for share, length in zip(shares, lengths, strict=True))
    expected = exact + scale * references.mean_direction(vectors, shares).reshape(base.shape)
    result = merged("multislerp", base if with_base else None, sources, weight=weights, normalize_weights=normalize)
    assert close(result, expected)


def test_one_source_is_given_back():
    base, source = tensors(2)
    assert torch.equal(merged("multislerp", None, [source], weight=0.3), source)
    assert torch.allclose(merged("multislerp", base, [source], weight=0.3), source, atol=1e-7)


def test_keeps_the_length_where_a_plain_mean_loses_it():
    sources = [vector / vector.norm() for vector in torch.randn(3, 500, generator=torch.Generator().manual_seed(1))]
    assert merged("multislerp", None, sources).norm().item() == pytest.approx(1.0, abs=1e-6)
    assert merged("linear", None, sources).norm().item() < 0.7


def test_two_opposite_sources_give_the_weighted_sum():
    one = torch.ones(6)
    result = merged("multislerp", None, [2 * one, -one], weight=[1.0, 1.0])
    assert result.tolist() == pytest.approx([0.5] * 6)


def test_three_directions_that_cancel_are_refused():
    plane = [[1.0, 0.0], [-0.5, 3**0.5 / 2], [-0.5, -(3**0.5) / 2]]
    with pytest.raises(UserError, match="cancel out") as caught:
        merged("multislerp", None, [torch.tensor(point, dtype=torch.float64) for point in plane], maths=torch.float64)
    assert caught.value.findings[0].code == "directions_cancel"


def test_a_tensor_that_nobody_changed_stays_the_base():
    base = tensors(1)[0]
    assert torch.equal(merged("multislerp", base, [base.clone() for _ in range(3)]), base)


def test_weights_that_sum_to_zero_are_refused():
    sources = tensors(2)
    with pytest.raises(UserError, match="nothing to divide by"):
        merged("multislerp", None, sources, weight=[1.0, -1.0])


@pytest.mark.parametrize("method", ["multislerp", "karcher"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(("count", "with_base"), [(2, False), (3, False), (4, True)])
def test_entries_that_are_no_numbers_are_counted_and_no_direction_is_blamed(method, value, count, with_base):
    base, *sources = tensors(count + 1)
    sources[-1][3, 4] = value
    step, result = step_and_result(method, base if with_base else None, sources)
    assert result.isnan().all()
    report = step.measures.report(step.elements)
    assert (report["bad_inputs"], report["bad_results"]) == (1, result.numel())
    assert report["bad_sources"] == [0] * (count - 1) + [1]
