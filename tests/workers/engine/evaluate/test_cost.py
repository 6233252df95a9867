"""What an answer costs, told by a clock that the test moves and counted by hand."""

import numpy as np
import pytest
import torch

from tests.workers.engine.evaluate.scripted import Rows
from workers.engine.evaluate.cost import BUDGET_S, EXAMPLES, clock, flops_of


def timed(examples, seconds):
    now = [0.0]
    seen = []

    def ask(part):
        seen.append(part.start)
        now[0] += seconds(len(seen))

    return clock(ask, examples, now=lambda: now[0]), seen


def test_latency_is_that_of_one_example_at_a_time():
    found, seen = timed(Rows(text=["x"] * 1000), lambda call: 9.0 if call == 1 else 0.001 * call)
    assert found.examples == EXAMPLES
    assert len(set(seen)) == EXAMPLES, "spread over the data, the first one not counted"
    expected = np.percentile(np.arange(2, EXAMPLES + 2), [50, 90, 99])
    assert list(found.latency_ms.values()) == pytest.approx(expected, abs=1e-3)


def test_slow_entries_are_not_asked_for_ever():
    found, _ = timed(Rows(text=["x"] * 1000), lambda call: BUDGET_S / 2)
    assert found.examples == 3


def test_fused_attention_is_counted():
    heads, tokens, width = 2, 6, 4
    held = torch.randn(1, heads, tokens, width)
    ask = lambda part: torch.nn.functional.scaled_dot_product_attention(held, held, held)  # noqa: E731
    assert flops_of(ask, Rows(text=["x"])) == 2 * 2 * heads * tokens * tokens * width


def test_what_does_not_run_in_torch_has_no_count():
    assert flops_of(lambda part: np.ones(3) @ np.ones(3), Rows(text=["x"])) is None
