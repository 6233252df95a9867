"""Markers: the child is an accent disc, parents are grey diamonds, the common base an open circle."""

from django.utils.safestring import SafeString

from hub.pages.charts.scales import Scale
from hub.pages.svg import join, number, tag

ROLES = ("child", "parent", "base")


def _polygon(points: list[tuple[float, float]], class_: str) -> SafeString:
    return tag("polygon", class_=class_, points=" ".join(f"{number(x)},{number(y)}" for x, y in points))


def diamond(x: float, y: float, radius: float, class_: str = "parent-mark") -> SafeString:
    return _polygon([(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)], class_)


def marker(role: str, x: float, y: float, size: float = 1.0) -> SafeString:
    if role == "child":
        return tag("circle", class_="child-mark", cx=x, cy=y, r=6.0 * size)
    if role == "base":
        return tag("circle", class_="base-mark", cx=x, cy=y, r=4.6 * size)
    return diamond(x, y, 5.6 * size)


def series_marker(index: int, x: float, y: float, size: float = 1.0) -> SafeString:
    """The eight markers of the series, in their order; with the dash they tell series apart without colour."""
    class_ = f"series-mark-{index}"
    r = 8.0 * size
    if index == 1:
        return tag("circle", class_=class_, cx=x, cy=y, r=r)
    if index == 2:
        return tag("rect", class_=class_, x=x - 0.94 * r, y=y - 0.94 * r, width=1.88 * r, height=1.88 * r)
    if index == 3:
        return _polygon([(x, y - r), (x + 1.06 * r, y + 0.88 * r), (x - 1.06 * r, y + 0.88 * r)], class_)
    if index == 4:
        return _polygon([(x, y + r), (x + 1.06 * r, y - 0.88 * r), (x - 1.06 * r, y - 0.88 * r)], class_)
    if index == 5:
        whole = number(2 * r)
        return tag("path", class_=class_, d=f"M{number(x - r)} {number(y)}h{whole}M{number(x)} {number(y - r)}v{whole}")
    if index == 6:
        return tag("circle", class_=class_, cx=x, cy=y, r=0.88 * r)
    if index == 7:
        arm, whole = 0.75 * r, number(1.5 * r)
        left, top, floor = number(x - arm), number(y - arm), number(y + arm)
        return tag("path", class_=class_, d=f"M{left} {top}l{whole} {whole}M{left} {floor}l{whole} -{whole}")
    return diamond(x, y, 1.12 * r, class_)


def series_glyph(index: int) -> SafeString:
    """The marker of a series in a legend, a table head, a sentence."""
    return tag(
        "svg", series_marker(index, 8.0, 7.0, 0.68), width="16", height="14", viewBox="0 0 16 14", aria_hidden="true"
    )


def interval(role: str, scale: Scale, y: float, low: float, high: float, cap: float = 5.0) -> SafeString:
    """A capped bar from `low` to `high`, thicker for the child."""
    class_ = "child-line" if role == "child" else "parent-line"
    x1, x2 = scale(max(low, scale.low)), scale(min(high, scale.high))
    return join(
        [
            tag("line", class_=class_, x1=x1, x2=x2, y1=y, y2=y),
            tag("line", class_=class_, x1=x1, x2=x1, y1=y - cap, y2=y + cap),
            tag("line", class_=class_, x1=x2, x2=x2, y1=y - cap, y2=y + cap),
        ]
    )


def legend_glyph(kind: str) -> SafeString:
    """One glyph of a legend line: a role, `interval` or `best`."""
    if kind == "interval":
        shape = join(
            [
                tag("line", class_="parent-line", x1=1.0, x2=15.0, y1=7.0, y2=7.0),
                tag("line", class_="parent-line", x1=1.0, x2=1.0, y1=3.0, y2=11.0),
                tag("line", class_="parent-line", x1=15.0, x2=15.0, y1=3.0, y2=11.0),
            ]
        )
    elif kind == "best":
        shape = tag("line", class_="best-rule", x1=8.0, x2=8.0, y1=0.0, y2=14.0)
    else:
        shape = marker(kind, 8.0, 7.0, 0.9)
    return tag("svg", shape, width="16", height="14", viewBox="0 0 16 14", aria_hidden="true")


def dot_glyph(class_: str) -> SafeString:
    """A disc of one class, for a legend line."""
    shape = tag("circle", class_=class_, cx=8.0, cy=7.0, r=4.4)
    return tag("svg", shape, width="16", height="14", viewBox="0 0 16 14", aria_hidden="true")
