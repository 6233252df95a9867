import re
from xml.etree import ElementTree

import pytest

from hub.pages.charts import bars, curves, domains, dots, heat, promise, strips
from hub.pages.charts.figure import Table, table_csv
from hub.pages.charts.marks import legend_glyph, series_marker
from hub.pages.charts.scales import axis, label, scale_for
from hub.pages.svg import tag

ROWS = [
    dots.Row("merged", "child", 0.916, 0.908, 0.924, "+1.2 points"),
    dots.Row("shifted", "parent", 0.904, 0.895, 0.913, "best parent"),
    dots.Row("base", "base", 0.842, 0.831, 0.853),
]
POINTS = [
    domains.Point("", "child", 0.9, 0.88, 0.92),
    domains.Point("R", "parent", 0.93),
    domains.Point("", "base", 0.7),
]


def drawn(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)


def texts(picture: str) -> list[str]:
    return [element.text or "" for element in drawn(picture).iter("text")]


def every_picture() -> list[str]:
    lines = [domains.Line("rotated", POINTS), domains.Line("mean", POINTS, is_mean=True)]
    scale = strips.strip_scale([0.8, 0.9])
    return [
        dots.draw(ROWS, "Dots"),
        dots.draw_narrow(ROWS, "Dots"),
        domains.draw(lines, "Domains"),
        domains.draw_narrow(lines, "Domains"),
        strips.draw(scale, "child", 0.85, 0.83, 0.87, "Strip"),
        heat.draw([heat.Layer("block 0", [0.1, 0.5], 0.8)], ["a", "b"], "Heat"),
        bars.draw([bars.Bar("1 to 10", 3), bars.Bar("10 to 100", 0, False)], "Bars"),
        curves.draw(curves.Curve("loss", [(0, 2.0), (1, 1.0), (2, 0.5)]), "Loss", "step", [1.0]),
        curves.draw_narrow(curves.Curve("loss", [(0, 2.0), (1, 1.0), (2, 0.5)]), "Loss", "step", [1.0]),
        promise.draw([promise.Parent("noisy", 0.88)], 0.91, 0.90, 0.92, "Promise"),
    ]


@pytest.mark.parametrize("picture", every_picture())
def test_every_chart_is_sound_xml_with_a_name_and_a_size(picture):
    root = drawn(picture)
    assert root.get("role") == "img"
    assert root.find("title") is not None
    assert float(root.get("width")) > 0
    assert float(root.get("height")) > 0


@pytest.mark.parametrize("picture", every_picture())
def test_no_chart_sets_a_style_or_a_number_that_is_none(picture):
    assert "style=" not in picture
    assert not re.search(r'="(nan|inf|-inf|None)"', picture)


def test_names_are_escaped():
    picture = dots.draw([dots.Row("<script>alert(1)</script>", "child", 0.5)], '"><img src=x>')
    assert "<script>" not in picture
    assert "<img" not in picture
    assert "<script>alert(1)</script>" in texts(picture)


def test_child_is_a_disc_parents_are_diamonds_and_the_base_an_open_circle():
    picture = dots.draw(ROWS, "Dots")
    assert picture.count('class="child-mark"') == 1
    assert picture.count('class="parent-mark"') == 1
    assert picture.count('class="base-mark"') == 1


def test_the_best_parent_is_a_dashed_rule_at_its_value():
    root = drawn(dots.draw(ROWS, "Dots"))
    rule = next(line for line in root.iter("line") if line.get("class") == "best-rule")
    mark = next(shape for shape in root.iter("polygon"))
    centre = float(mark.get("points").split()[0].split(",")[0])
    assert float(rule.get("x1")) == pytest.approx(centre, abs=0.11)


def test_a_higher_value_stands_further_right():
    root = drawn(dots.draw(ROWS, "Dots"))
    child = next(shape for shape in root.iter("circle") if shape.get("class") == "child-mark")
    base = next(shape for shape in root.iter("circle") if shape.get("class") == "base-mark")
    assert float(child.get("cx")) > float(base.get("cx"))


def test_the_unit_stands_on_the_last_tick_only():
    ruler = tag("svg", axis(scale_for([0.82, 0.94], 0, 100), 10))
    assert [text for text in texts(ruler) if "%" in text] == ["94\u00a0%"]


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [([0.831, 0.924], 0.82, 0.94), ([0.2, 0.99], 0.2, 1.0), ([0.995, 1.0], 0.995, 1.0), ([0.5, 0.5], 0.49, 0.51)],
)
def test_scales_end_on_round_ticks_around_the_values(values, low, high):
    scale = scale_for(values, 0, 100)
    assert scale.low == pytest.approx(low)
    assert scale.high == pytest.approx(high)
    assert scale(scale.low) == 0
    assert scale(scale.high) == pytest.approx(100)


def test_a_scale_of_shares_never_leaves_zero_to_one():
    scale = scale_for([0.001, 0.999], 0, 100)
    assert scale.low >= 0
    assert scale.high <= 1.0001


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [(0.86, 0.02, "86"), (0.675, 0.025, "67.5"), (0.9951, 0.001, "99.5"), (-0.02, 0.01, "\u22122")],
)
def test_tick_labels_have_no_more_places_than_the_step_needs(value, step, text):
    assert label(value, step) == text


def test_letters_tell_parents_apart_even_when_they_begin_alike():
    assert domains.letters_for(["x/digits-rotated", "x/digits-resized", "x/digits-shifted"]) == ["R", "E", "S"]
    assert len(set(domains.letters_for(["same"] * 20))) == 20


def test_only_a_parent_that_leads_has_a_bold_letter():
    picture = domains.draw([domains.Line("rotated", POINTS)], "Domains")
    letter = next(element for element in drawn(picture).iter("text") if element.text == "R")
    assert letter.get("class") == "strong"


@pytest.mark.parametrize(("value", "step"), [(0.0, 0), (0.16, 0), (0.17, 1), (0.5, 3), (0.99, 5), (1.0, 5)])
def test_heat_has_six_equal_steps(value, step):
    assert heat.step_of(value, 1.0) == step


def test_heat_of_nothing_is_the_lightest_step():
    assert heat.step_of(0.0, 0.0) == 0


def test_bars_start_at_zero():
    root = drawn(bars.draw([bars.Bar("a", 4), bars.Bar("b", 2)], "Bars", height=36))
    tall, half = [float(bar.get("height")) for bar in root.iter("rect")]
    assert half == pytest.approx(tall / 2)


def test_a_long_curve_is_thinned_and_keeps_its_ends():
    points = [(float(step), float(step)) for step in range(10_000)]
    thin = curves.thinned(points, 500)
    assert len(thin) == 500
    assert thin[0] == points[0]
    assert thin[-1] == points[-1]


def test_a_flat_curve_can_be_drawn():
    assert "child-line" in curves.draw(curves.Curve("loss", [(0, 1.0), (1, 1.0)]), "Flat", "step")


def test_every_series_has_its_own_marker():
    shapes = {re.sub(r"series-mark-\d", "", series_marker(number, 10, 10)) for number in range(1, 9)}
    assert len(shapes) == 8


@pytest.mark.parametrize("kind", ["child", "parent", "base", "interval", "best"])
def test_legend_glyphs_are_decoration(kind):
    assert drawn(legend_glyph(kind)).get("aria-hidden") == "true"


def test_csv_cells_cannot_be_formulas():
    text = table_csv(Table(["model"], [["=HYPERLINK(1)"], ["@x"], ["demo/a"], [0.5]]))
    assert text.splitlines() == ["model", "'=HYPERLINK(1)", "'@x", "demo/a", "0.5"]


def test_steps_are_whole_numbers_on_the_axis():
    shown = texts(curves.draw(curves.Curve("loss", [(1, 30.0), (2, 20.0), (3, 10.0)]), "Loss", "epoch"))
    assert "1.5" not in shown
    assert {"1", "2", "3", "epoch"} <= set(shown)


def test_a_curve_for_a_phone_keeps_its_last_value_inside():
    root = drawn(curves.draw_narrow(curves.Curve("loss", [(0, 3.0), (9, 10390.0)]), "Loss", "epoch"))
    last = next(element for element in root.iter("text") if element.get("class") == "strong")
    assert last.text == "loss 10\u202f390"
    assert last.get("text-anchor") == "end"
    assert float(last.get("x")) <= float(root.get("width"))
