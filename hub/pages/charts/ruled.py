"""Strips of a long column: the ruler is drawn once for the page, and every row points at it. Much smaller than a ruler per row."""

from django.utils.safestring import SafeString

from hub.pages.charts.marks import marker
from hub.pages.charts.scales import Scale
from hub.pages.svg import number, picture, tag

HEIGHT = 16.0
_MIDDLE = HEIGHT / 2


def ruler(scale: Scale, width: float, ident: str = "strip-ruler") -> SafeString:
    """A symbol that shows nothing by itself. Its classes stand alone: what a `use` copies has no ancestors for selectors."""
    ticks = "".join(f"M{number(scale(tick))} {number(_MIDDLE - 2.5)}v5" for tick in scale.ticks)
    symbol = tag(
        "symbol",
        tag("path", class_="ruled-line", d=f"M{number(scale.start)} {number(_MIDDLE)}H{number(scale.end)}"),
        tag("path", class_="ruled-tick", d=ticks),
        id=ident, viewBox=f"0 0 {number(width)} {number(HEIGHT)}",
    )  # fmt: skip
    return tag("svg", symbol, class_="chart", hidden="", width="0", height="0", aria_hidden="true")


def strip(
    scale: Scale, role: str, value: float, low: float | None, high: float | None, title: str, width: float, ident: str = "strip-ruler"
) -> SafeString:  # fmt: skip
    """`role`: child, parent, or other for a grey disc."""
    parts = [tag("use", href=f"#{ident}", width=number(width), height=number(HEIGHT))]
    if low is not None and high is not None:
        class_ = "child-line" if role == "child" else "parent-line"
        x1, x2 = scale(max(low, scale.low)), scale(min(high, scale.high))
        cap = f"M{number(x1)} 3.5v9M{number(x2)} 3.5v9"
        parts.append(tag("path", class_=class_, d=f"M{number(x1)} {number(_MIDDLE)}H{number(x2)}{cap}"))
    x = min(max(scale(value), scale.start), scale.end)
    if role == "other":
        parts.append(tag("circle", class_="parent-mark", cx=x, cy=_MIDDLE, r=4.2))
    else:
        parts.append(marker(role, x, _MIDDLE, 0.72))
    return picture(width, HEIGHT, title, *parts)
