"""The sign-in page's picture: parents on a ruler, their lines meeting in the child."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from hub.pages.charts.marks import diamond, interval
from hub.pages.charts.scales import axis, scale_for
from hub.pages.svg import number, picture, tag


@dataclass(frozen=True)
class Parent:
    name: str
    value: float


def draw(parents: list[Parent], value: float, low: float, high: float, title: str) -> SafeString:
    scale = scale_for([*(parent.value for parent in parents), low, high], 20.0, 440.0, ticks=5)
    floor = 22.0 + 26.0 * len(parents) + 54.0
    child_x, child_y = scale(value), floor - 30.0
    parts = [axis(scale, floor)]
    for index, parent in enumerate(sorted(parents, key=lambda parent: parent.value)):
        x, y = scale(parent.value), 22.0 + 26.0 * index
        bend = child_x - 22 if x < child_x else child_x + 22
        parts.append(
            tag(
                "path",
                class_="axis",
                d=f"M{number(x)} {number(y)}H{number(bend)}Q{number(child_x)} {number(y)} {number(child_x)} {number(child_y)}",
            )
        )
        parts.append(diamond(x, y, 7.0, "child-mark"))
        parts.append(tag("text", parent.name, x=x - 14, y=y + 4, text_anchor="end"))
    parts.append(interval("child", scale, child_y, low, high, 6.0))
    parts.append(tag("circle", class_="child-mark", cx=child_x, cy=child_y, r=8.0))
    parts.append(tag("text", "merged", x=scale(high) + 12, y=child_y + 5, class_="strong"))
    return picture(470.0, floor + 26, title, *parts)
