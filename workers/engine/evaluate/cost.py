"""What one answer costs: operations, and how long a single example takes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from workers.engine.evaluate.batches import Measured, Part

Ask = Callable[[Measured], Any]
EXAMPLES = 32
BUDGET_S = 2.0
_PERCENTILES = (50, 90, 99)


@dataclass(frozen=True)
class Clocked:
    """`latency_ms` has p50, p90 and p99 over `examples` answers of one example each, after one that is not counted."""

    latency_ms: dict[str, float]
    examples: int


def flops_of(ask: Ask, examples: Measured) -> int | None:
    """Floating-point operations of the answer to the first example: two for each multiply-add of its matrix products.

    torch's counter knows no fused attention on every device and would count it as nothing; here attention is made to go
    by plain matrix products, which are counted. None for what does not run in torch.
    """
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        ask(Part(examples, 0, 1))
    return counter.get_total_flops() or None


def clock(ask: Ask, examples: Measured, *, now: Callable[[], float] = time.perf_counter) -> Clocked:
    """Asks for one example at a time: at most `EXAMPLES` of them, evenly spread, and no longer than `BUDGET_S`."""
    ask(Part(examples, 0, 1))
    count = min(EXAMPLES, len(examples))
    taken: list[float] = []
    began = now()
    for row in np.linspace(0, len(examples) - 1, count).astype(int).tolist():
        start = now()
        ask(Part(examples, row, row + 1))
        taken.append(now() - start)
        if now() - began > BUDGET_S:
            break
    found = np.percentile(np.array(taken) * 1000, _PERCENTILES)
    return Clocked(
        {f"p{at}": round(float(value), 4) for at, value in zip(_PERCENTILES, found, strict=True)}, len(taken)
    )
