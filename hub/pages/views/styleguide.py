"""Every part in all its states, in debug only."""

import re
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from hub.core.errors import NotFound
from hub.evals.records import Flips
from hub.jobs.states import State
from hub.pages.charts import bars, dots, heat
from hub.pages.charts.marks import series_marker
from hub.pages.svg import picture, tag
from hub.pages.words import ARTIFACT_WORDS
from workers.contracts.findings import Finding, Repair

_TOKENS = Path(settings.ROOT) / "frontend" / "static" / "css" / "tokens.css"
_SPRITE = Path(settings.ROOT) / "frontend" / "templates" / "partials" / "_sprite.html"
GROUNDS = ("paper", "sheet", "sunk", "rule", "wash", "ok-wash", "warn-wash", "bad-wash")
INKS = ("ink", "ink2", "ink3", "ctl", "accent", "ok", "warn", "bad")


def token_values() -> dict[str, tuple[str, str]]:
    """name → (light, dark), read from the one file that defines them."""
    found = re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9A-Fa-f]{6}), (#[0-9A-Fa-f]{6})\)", _TOKENS.read_text())
    return {name: (light, dark) for name, light, dark in found}


def _findings() -> list[Finding]:
    return [
        Finding(code="code", severity="error", message="What is wrong, with the two numbers.", consequence="Why it matters.", where="where", repair=(Repair(label="The repair", patch=({"op": "remove", "path": "/x"},)), Repair(label="Another way", patch=({"op": "remove", "path": "/y"},)))),
        Finding(code="code", severity="warning", message="What may disappoint.", consequence="What will happen then.", where="where"),
        Finding(code="code", severity="info", message="Worth knowing, nothing to do."),
    ]  # fmt: skip


def _series() -> list[tuple[object, str]]:
    drawn = []
    for index in range(1, 9):
        line = tag("line", class_=f"series series-{index}", x1=0.0, x2=92.0, y1=12.0, y2=12.0)
        name = "child" if index == 1 else "parents" if index == 8 else str(index)
        drawn.append((picture(92.0, 24.0, f"series {index}", line, series_marker(index, 46.0, 12.0)), name))
    return drawn


def _rows() -> list[dots.Row]:
    return [
        dots.Row("child", "child", 0.80, 0.79, 0.81),
        dots.Row("parent", "parent", 0.78, 0.77, 0.79),
        dots.Row("common base", "base", 0.70, 0.685, 0.715),
    ]


def styleguide(request: HttpRequest) -> HttpResponse:
    if not settings.DEBUG:
        raise NotFound()
    tokens = token_values()
    context = {
        "grounds": [(name, tokens[name]) for name in GROUNDS],
        "inks": [(name, tokens[name]) for name in INKS],
        "series": _series(),
        "marks": [(name, words[0]) for name, words in ARTIFACT_WORDS.items() if name != "unknown"],
        "icons": re.findall(r'id="i-([a-z-]+)"', _SPRITE.read_text()),
        "states": [state.value for state in State if state != State.WAITING],
        "findings": _findings(),
        "dot_plots": [dots.draw(_rows(), "Dot plot"), dots.draw_narrow(_rows(), "Dot plot")],
        "heat": heat.draw(
            [heat.Layer(f"block {index}", [0.1 * index, 0.05 * index], 0.9 - 0.05 * index) for index in range(6)],
            ["one", "two"],
            "Heat map",
        ),
        "bars": bars.draw(
            [bars.Bar(f"bin {index}", count, index < 5) for index, count in enumerate((1, 2, 6, 4, 3, 1, 1))],
            "Histogram",
        ),
        "flips": Flips("parent", 70, 8, 5, 17, 0.58),
        "child_name": "child",
    }
    return render(request, "pages/styleguide.html", context)
