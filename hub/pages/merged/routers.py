"""How well the routers of a mixture of experts tell their experts apart, layer by layer."""

import math
import re
from typing import Any

from hub.pages.numbers import figure

SHOWN = 200
HARDLY = 5.0
_LAYER = re.compile(r"\.layers\.(\d{1,6})\.")


def routers_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    """`apart`: the ratio of a router's largest to its smallest direction. `closest`: the highest cosine between two of its rows.

    Reports come with uploads: what is not as we write it is passed over.
    """
    mixture = report.get("mixture")
    listed = mixture.get("routers") if isinstance(mixture, dict) else None
    rows = []
    for entry in listed[:SHOWN] if isinstance(listed, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("tensor"), str):
            continue
        found = _LAYER.search(entry["tensor"])
        condition, cosines = _number(entry.get("condition")), entry.get("cosines")
        known = [
            value for item in (cosines if isinstance(cosines, list) else ()) if (value := _number(item)) is not None
        ]
        if found is None or not known:
            continue
        rows.append({
            "layer": int(found[1]), "apart": "not at all" if condition is None else figure(condition), "closest": figure(max(known)),
            "is_alike": condition is None or condition > HARDLY,
        })  # fmt: skip
    return rows


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number else None
