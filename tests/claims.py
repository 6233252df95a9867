"""How a test says that it holds a method to what its paper claims, what that costs, and whether CI holds it too."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

# What the quick claims may cost CI together, on one seed, in seconds of one core.
QUICK_CORE_S = 1500


def claim(core_s: float, *, is_quick: bool = True) -> Callable[[Any], Any]:
    """Marks a claim. `core_s`: seconds of one core that it takes on one seed, of each case where there are several."""

    def marked(test: Any) -> Any:
        test = pytest.mark.claim(core_s=core_s)(test)
        return pytest.mark.quick(test) if is_quick else test

    return marked


def refuse_unmeasured(items: Sequence[pytest.Item]) -> None:
    """Raises UsageError where a claim does not say its cost, or the quick ones are no longer quick together."""
    claims = [item for item in items if item.get_closest_marker("claim")]
    unmeasured = [item.nodeid for item in claims if "core_s" not in _marked(item)]
    if unmeasured:
        raise pytest.UsageError(f"claims say what they cost: @claim(core_s=…) is missing on {', '.join(unmeasured)}")
    total = sum(_marked(item)["core_s"] for item in claims if item.get_closest_marker("quick"))
    if total > QUICK_CORE_S:
        message = f"the quick claims take {total:.0f} core-seconds together, more than {QUICK_CORE_S}: make some is_quick=False"
        raise pytest.UsageError(message)


def _marked(item: pytest.Item) -> dict[str, Any]:
    mark = item.get_closest_marker("claim")
    return dict(mark.kwargs) if mark is not None else {}
