"""How numbers are written everywhere: thin spaces, units after a space, true minus, ranges in words.

Never a decimal the interval does not support: the caller says how many places.
"""

import math
from datetime import datetime

THIN, NARROW, MINUS = "\u202f", "\u00a0", "\u2212"
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_BYTES = ("B", "kB", "MB", "GB", "TB", "PB")


def thousands(value: float | int) -> str:
    """302858 → 302 858, with narrow no-break spaces; negative numbers get a true minus."""
    text = f"{abs(value):,}".replace(",", THIN)
    return f"{MINUS}{text}" if value < 0 else text


def size(value: float | int) -> str:
    """Decimal units and three significant figures, as the file managers of most people show them: 1.21 MB."""
    amount = float(value)
    unit = 0
    while amount >= 999.5 and unit < len(_BYTES) - 1:
        amount /= 1000
        unit += 1
    if unit == 0:
        return f"{thousands(round(amount))}{NARROW}B"
    places = 2 if amount < 9.995 else 1 if amount < 99.95 else 0
    text = f"{amount:.{places}f}"
    if "." in text and unit == 1:
        text = f"{amount:.1f}" if amount < 9.95 else f"{amount:.0f}"
    return f"{text}{NARROW}{_BYTES[unit]}"


def count_short(value: float | int) -> str:
    """For ranges and chips: 9216 → 9.2 K, 1000000 → 1 M."""
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if value >= limit:
            text = f"{value / limit:.1f}".removesuffix(".0")
            return f"{text}{NARROW}{unit}"
    return f"{value:g}"


def figure(value: float | int) -> str:
    """A measure without a unit, three significant figures: 0.00224, 12.5, 10 390, 2.2 × 10⁻⁵."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite"
    if value == round(value) and abs(value) < 1e9:
        return thousands(round(value))
    if 1000 <= abs(value) < 1e9:
        return thousands(round(value))
    text = f"{value:.3g}".replace("-", MINUS)
    if "e" not in text:
        return text
    mantissa, _, power = text.partition("e")
    raised = power.replace("+", "").replace(MINUS, "-").replace("-0", "-").lstrip("0").translate(_RAISED)
    return f"{mantissa}{NARROW}×{NARROW}10{raised}"


def percent(share: float, places: int = 1, *, unit: bool = True) -> str:
    """A share of one as a percentage: 0.916 → 91.6 %."""
    text = f"{share * 100:.{places}f}".replace("-", MINUS)
    return f"{text}{NARROW}%" if unit else text


def points(share: float, places: int = 1) -> str:
    """A difference of two shares in points, with its sign: 0.012 → +1.2, -0.056 → −5.6, nothing → 0.0."""
    value = round(share * 100, places)
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    return f"{sign}{abs(value):.{places}f}"


def seconds(value: float) -> str:
    """under 0.1 s · 1.4 s · 24 s · 7 m 10 s · 2 h 5 m."""
    if 0 <= value < 0.05:
        return f"under 0.1{NARROW}s"
    if value < 10:
        return f"{value:.1f}{NARROW}s"
    if value < 60:
        return f"{value:.0f}{NARROW}s"
    whole = round(value)
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes}{NARROW}m" + (f" {rest}{NARROW}s" if rest else "")
    hours, rest = divmod(whole, 3600)
    return f"{hours}{NARROW}h" + (f" {rest // 60}{NARROW}m" if rest >= 60 else "")


def seconds_range(low: float, high: float) -> str:
    """An estimate is a range: `2 to 4 s`, `13 to 15 min`, `under a second`."""
    if high < 1:
        return "under a second"
    if high < 90:
        first, last = max(1, math.floor(low)), max(1, math.ceil(high))
        unit = "s"
    elif high < 5400:
        first, last, unit = max(1, math.floor(low / 60)), math.ceil(high / 60), "min"
    else:
        first, last, unit = max(1, math.floor(low / 3600)), math.ceil(high / 3600), "h"
    if first >= last:
        return f"about {last}{NARROW}{unit}"
    return f"{first} to {last}{NARROW}{unit}"


def ago(moment: datetime, now: datetime) -> str:
    age = max(0.0, (now - moment).total_seconds())
    for limit, unit, word in ((60, 1, "s"), (3600, 60, "min"), (48 * 3600, 3600, "h")):
        if age < limit:
            return f"{int(age // unit)}{NARROW}{word} ago"
    return f"{int(age // 86400)} days ago"


def ordinal(value: int) -> str:
    suffix = "th" if 10 <= value % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{suffix}"
