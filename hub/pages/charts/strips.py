"""One interval on a small ruler that a whole table column shares."""

from django.utils.safestring import SafeString

from hub.pages.charts.marks import marker
from hub.pages.charts.scales import Scale, scale_for
from hub.pages.svg import picture, tag

WIDTH, HEIGHT = 184.0, 16.0


def strip_scale(values: list[float], width: float = WIDTH) -> Scale:
    return scale_for(values, 4.0, width - 4.0, ticks=6)


def draw(
    scale: Scale, role: str, value: float, low: float | None, high: float | None, title: str, width: float = WIDTH
) -> SafeString:
    y = HEIGHT / 2
    parts = [tag("line", class_="grid", x1=scale.start, x2=scale.end, y1=y, y2=y)]
    parts += [
        tag("line", class_="axis", x1=scale(tick), x2=scale(tick), y1=y - 2.5, y2=y + 2.5) for tick in scale.ticks
    ]
    if low is not None and high is not None:
        class_ = "child-line" if role == "child" else "parent-line"
        x1, x2 = scale(max(low, scale.low)), scale(min(high, scale.high))
        parts.append(tag("line", class_=class_, x1=x1, x2=x2, y1=y, y2=y))
        parts += [tag("line", class_=class_, x1=x, x2=x, y1=y - 4.5, y2=y + 4.5) for x in (x1, x2)]
    parts.append(marker(role, scale(value), y, 0.72))
    return picture(width, HEIGHT, title, *parts)
