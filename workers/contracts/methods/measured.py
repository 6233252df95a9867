"""What the methods were worth when they were last compared: written by `genepool bench merge-methods --record`."""

import json
from functools import cache
from pathlib import Path
from typing import Any

MEASURED = Path(__file__).with_name("measured.json")


@cache
def measured() -> dict[str, Any]:
    """Figures, one row for each method, see `workers.bench.table`. Raises OSError where the file was not installed."""
    found: dict[str, Any] = json.loads(MEASURED.read_text(encoding="utf-8"))
    return found
