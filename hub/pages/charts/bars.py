"""A small histogram: bars from a zero baseline, those outside the chosen range in grey."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from hub.pages.svg import picture, tag


@dataclass(frozen=True)
class Bar:
    label: str
    count: int
    is_on: bool = True


def draw(bars: list[Bar], title: str, width: float = 232.0, height: float = 36.0) -> SafeString:
    highest = max((bar.count for bar in bars), default=0) or 1
    pitch = width / max(1, len(bars))
    parts = [tag("line", class_="axis", x1=0.0, x2=width, y1=height - 0.5, y2=height - 0.5)]
    for index, bar in enumerate(bars):
        tall = (height - 4) * bar.count / highest
        parts.append(
            tag(
                "rect", tag("title", f"{bar.label}: {bar.count}"), class_="bar" if bar.is_on else "bar off",
                x=index * pitch + 1, y=height - 1 - tall, width=max(1.0, pitch - 2), height=tall,
            )
        )  # fmt: skip
    return picture(width, height, title, *parts)
