"""Contrast, worked out from the tokens file: what the visual brief promises, in both themes."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "frontend" / "static" / "css" / "tokens.css"
PAIRS = re.findall(r"--([a-z0-9-]+): light-dark\((#[0-9A-Fa-f]{6}), (#[0-9A-Fa-f]{6})\)", TOKENS.read_text())
VALUES = {"light": {name: light for name, light, _ in PAIRS}, "dark": {name: dark for name, _, dark in PAIRS}}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mixed(colour: str, opacity: float, ground: str) -> str:
    parts = [
        round(int(colour[place : place + 2], 16) * opacity + int(ground[place : place + 2], 16) * (1 - opacity))
        for place in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in parts)


def test_measures_contrast_as_the_standard_does():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("text", ["ink", "ink2", "ink3", "accent", "accent-hover", "ok", "warn", "bad"])
@pytest.mark.parametrize("ground", ["paper", "sheet"])
def test_text_is_readable_on_both_grounds(theme, text, ground):
    assert contrast(VALUES[theme][text], VALUES[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("ink3", "sunk"), ("ink3", "wash"), ("accent", "wash"), ("on-accent", "accent"), ("on-accent", "accent-hover"), ("ok", "ok-wash"),
        ("warn", "warn-wash"), ("bad", "bad-wash"), ("ink", "ok-wash"), ("ink", "warn-wash"), ("ink", "bad-wash"), ("ink2", "sunk"),
    ],
)  # fmt: skip
def test_text_is_readable_on_coloured_grounds(theme, text, ground):
    assert contrast(VALUES[theme][text], VALUES[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("mark", ["ctl", *[f"series-{number}" for number in range(1, 9)]])
@pytest.mark.parametrize("ground", ["paper", "sheet"])
def test_controls_and_marks_stand_out(theme, mark, ground):
    assert contrast(VALUES[theme][mark], VALUES[theme][ground]) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("step", "opacity"), list(enumerate((0.07, 0.18, 0.30, 0.42, 0.80, 0.96))))
def test_figures_are_readable_in_every_step_of_a_heat_map(theme, step, opacity):
    values = VALUES[theme]
    cell = mixed(values["accent"], opacity, values["paper"])
    assert contrast(values["ink" if step < 4 else "on-accent"], cell) >= 4.5


def test_heat_map_uses_the_steps_that_were_checked():
    css = (TOKENS.parent / "components.css").read_text()
    found = re.findall(r"\.heat-(\d) \{ fill-opacity: (\.\d+); \}", css)
    assert found == [("0", ".07"), ("1", ".18"), ("2", ".3"), ("3", ".42"), ("4", ".8"), ("5", ".96")]
