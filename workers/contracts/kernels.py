"""What the GPU kernels move and how fast they were seen to be: recorded by `python -m workers.bench.kernels --record`."""

import json
from functools import cache
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent / "kernels.json"


@cache
def kernel_figures() -> dict[str, Any]:
    """{"sources", "bytes_each", "device", "copy_rate", "rows"}.

    `device` is the card's name, or None where none was to be had: then rates are None, and the bytes moved stand in. A row is
    {"name", "does", "reads", "writes", "cached", "passes", "eager", "rate", "share"}: bytes for one entry of the result, of n
    sources and a base of so many bytes each; `eager` is what plain torch moves for the same; `rate` in bytes per second,
    `share` of the measured rate of a copy.
    """
    figures: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return figures
