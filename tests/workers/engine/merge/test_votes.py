"""Options of the election: who votes with what, and what the sum is divided by."""

import pytest
import torch

from tests.workers.engine.merge import change_references as references
from tests.workers.engine.merge.steps import close, merged, tensors


@pytest.mark.parametrize("vote", ["weighted", "raw"])
@pytest.mark.parametrize("reduce", ["weight", "count", "sum"])
@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0], [0.2, 3.0, 1.0], [1.0, -0.7, 0.5]])
def test_agrees_with_float64(vote, reduce, weights):
    base, *sources = tensors(4, (30, 20))
    deltas = [source - base.double().numpy() for source in references.double(sources)]
    expected = references.elected(base.double().numpy(), deltas, weights, 0.9, vote=vote, reduce=reduce)
    result = merged("ties", base, sources, density=1.0, weight=weights, vote=vote, reduce=reduce, **{"lambda": 0.9})
    assert close(result, expected)


def test_a_raw_vote_goes_by_size_alone():
    """Changes 3 and −1: the weighted vote of 1 and 5 elects minus, the raw one plus."""
    base, sources = torch.zeros(1), [torch.tensor([3.0]), torch.tensor([-1.0])]
    options = {"density": 1.0, "weight": [1.0, 5.0]}
    assert merged("ties", base, sources, **options).item() == -1.0
    assert merged("ties", base, sources, vote="raw", **options).item() == 3.0


def test_dividing_by_nothing_is_what_normalise_off_does():
    base, *sources = tensors(4)
    assert torch.equal(merged("ties", base, sources, reduce="sum"), merged("ties", base, sources, normalize=False))
