import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.engine.merge.order_statistics import keys_of, order_statistics, settled_alone, value_of
from workers.engine.merge.step import MergeStep

FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(FLOATS, min_size=1, max_size=60), st.lists(st.integers(0, 70), min_size=1, max_size=3))
def test_are_those_of_sorting(numbers, ranks):
    values = np.array(numbers, np.float32)
    source = torch.from_numpy(values)
    step = MergeStep("w", None, (source,), (5,), {}, "F32", shape=(len(values),))

    def visit(step):
        for start in range(0, step.elements, 7):
            yield "row", step.sources[0][start : start + 7]

    found = settled_alone(
        step, order_statistics("middle", visit, lambda parameters, size: ranks, lambda parameters: True)
    )
    ordered = np.sort(values[np.isfinite(values)])
    expected = [ordered[min(rank, len(ordered) - 1)] for rank in ranks] if len(ordered) else []
    assert found["middle"]["row"] == expected


@pytest.mark.parametrize("value", [0.0, 1.0, -1.0, 1e-45, -3e38, 3e38, 2.5])
def test_a_key_tells_its_value(value):
    (key,) = keys_of(torch.tensor([value]))
    assert value_of(int(key)) == np.float32(value)
