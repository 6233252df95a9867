"""Learning rate over a run: a linear warm-up, then half a cosine down to zero."""

from math import cos, pi


def learning_rate(step: int, *, steps: int, warmup_steps: int, peak: float) -> float:
    """The rate of `step` (0 … steps-1). `peak·(step+1)/warmup` while warming up, then `peak·½(1 + cos πt)` with t from 0 to 1.

    Source: Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts.
    """
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    return peak * 0.5 * (1 + cos(pi * (step - warmup_steps) / max(1, steps - warmup_steps)))
