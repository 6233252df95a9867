"""The frontier chart and the words of scores."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.pages.charts import frontier
from hub.pages.charts.logs import MOST_LABELS, log_scale_for
from hub.pages.measures import difference_words, interval_words, metric_of, score_words

ACCURACY = frontier.Axes("Parameters", "Accuracy, %", lambda value: f"{value * 100:.0f}")
SPOTS = [
    frontier.Spot("small", 1e3, 0.80, 0.78, 0.82, is_front=True),
    frontier.Spot("wasteful", 5e4, 0.79, 0.77, 0.81),
    frontier.Spot("large", 2e5, 0.93, 0.92, 0.94, is_front=True, is_here=True),
]


def circles(picture: str, class_: str) -> dict[str, tuple[float, float]]:
    found = [element for element in ElementTree.fromstring(picture).iter("circle") if element.get("class") == class_]
    return {element.findtext("title"): (float(element.get("cx")), float(element.get("cy"))) for element in found}


@pytest.mark.parametrize("draw", [frontier.draw, frontier.draw_narrow])
def test_what_costs_more_lies_right_and_what_scores_better_lies_up(draw):
    picture = draw(SPOTS, ACCURACY, "Cost")
    front, others = circles(picture, "child-mark"), circles(picture, "open-mark")
    assert front["small"][0] < others["wasteful"][0] < front["large"][0]
    assert front["large"][1] < front["small"][1] < others["wasteful"][1]


def test_better_is_up_for_losses_too():
    losses = frontier.Axes("Bytes", "bits per byte", str, higher_is_better=False, lowest=-1e18, highest=1e18)
    spots = [
        frontier.Spot("good", 10, 1.2, is_front=True),
        frontier.Spot("bad", 20, 2.5),
    ]
    picture = frontier.draw(spots, losses, "Cost")
    assert circles(picture, "child-mark")["good"][1] < circles(picture, "open-mark")["bad"][1]


def test_names_of_the_front_are_written_and_others_stay_in_the_table():
    words = [element.text for element in ElementTree.fromstring(frontier.draw(SPOTS, ACCURACY, "Cost")).iter("text")]
    assert {"small", "large"} <= set(words)
    assert "wasteful" not in words
    assert "Parameters, log scale" in words


def test_names_that_would_lie_on_each_other_are_left_out():
    spots = [frontier.Spot(f"entry-{number}", 1000 + number, 0.9, is_front=True) for number in range(8)]
    words = [
        element.text or "" for element in ElementTree.fromstring(frontier.draw(spots, ACCURACY, "Cost")).iter("text")
    ]
    assert 1 <= len([word for word in words if word.startswith("entry-")]) <= 4


def test_one_entry_alone_has_a_chart():
    picture = frontier.draw([frontier.Spot("only", 7, 0.5, is_front=True)], ACCURACY, "Cost")
    assert circles(picture, "child-mark").keys() == {"only"}


@given(st.lists(st.floats(1e-3, 1e15), min_size=1, max_size=20))
def test_a_log_scale_holds_every_value_and_few_labels(values):
    scale = log_scale_for(values, 10.0, 500.0)
    assert all(10.0 <= scale(value) <= 500.0 for value in values)
    assert 1 <= len(scale.ticks) <= MOST_LABELS


def test_scores_are_written_in_the_unit_of_their_metric():
    assert score_words(0.916, metric_of("accuracy")) == "91.6\u00a0%"
    assert score_words(1.237, metric_of("bits_per_byte")) == "1.24\u00a0bits"
    assert score_words(53.21, metric_of("rmse")) == "53.2"
    assert score_words(None, metric_of("rmse")) == "–"
    assert interval_words(0.91, 0.922, metric_of("accuracy")) == "91.0 to 92.2"
    assert difference_words(0.012, metric_of("accuracy")) == "+1.2 points"
    assert difference_words(-0.031, metric_of("bits_per_byte")) == "−0.031 bits"


def test_a_metric_of_an_older_table_is_shown_as_it_is():
    assert metric_of("word_error").label == "Word error"
