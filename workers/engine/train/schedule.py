"""Learning rate over a run: a linear warm-up, then a fall down to zero along half a cosine or a line, or none."""

from collections.abc import Callable
from math import cos, pi

# The share of the peak when a share t (0 … 1) of what follows the warm-up is done.
_FALLS: dict[str, Callable[[float], float]] = {
    "cosine": lambda t: 0.5 * (1 + cos(pi * t)),
    "linear": lambda t: 1 - t,
    "constant": lambda t: 1.0,
}


def learning_rate(step: int, *, steps: int, warmup_steps: int, peak: float, schedule: str = "cosine") -> float:
    """The rate of `step` (0 … steps-1). `peak·(step+1)/warmup` while warming up, then `peak` times the schedule's share, t from 0 to 1.

    Source: cosine is that of Loshchilov and Hutter 2017, arXiv:1608.03983, without restarts.

    Raises:
        KeyError: a schedule that the table does not have.
    """
    fall = _FALLS[schedule]
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    return peak * fall((step - warmup_steps) / max(1, steps - warmup_steps))
