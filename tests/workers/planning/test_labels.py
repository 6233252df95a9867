"""Classes are matched by name, numbers without names by index, and a difference is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.planning.labels import are_named, are_taken_by_number, label_places, number_words


def places(ours: list[str], theirs: list[str]) -> tuple[tuple[int, ...], list[str]]:
    found, findings = label_places(ours, theirs, our_name="the data", their_name="the model")
    return found, [finding.message for finding in findings]


@given(st.permutations(["cat", "dog", "3", "LABEL_9", "émeu", " "]), st.integers(1, 6))
def test_any_order_of_the_same_names_is_matched_name_by_name(theirs: list[str], count: int) -> None:
    ours = ["cat", "dog", "3", "LABEL_9", "émeu", " "][:count]
    found, findings = places(ours, theirs)
    assert findings == []
    assert [theirs[place] for place in found] == ours


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        (["1", "2"], ["0", "1", "2"], (1, 2)),
        (["LABEL_0", "LABEL_1"], ["cat", "dog"], (0, 1)),
        (["cat", "dog"], ["LABEL_0", "LABEL_1"], (0, 1)),
        (["0", "1"], ["LABEL_0", "LABEL_1", "LABEL_2"], (0, 1)),
        (["Dog ", "CAT"], ["cat", "dog"], (1, 0)),
    ],
)
def test_how_names_and_numbers_meet(ours: list[str], theirs: list[str], found: tuple[int, ...]) -> None:
    assert places(ours, theirs) == (found, [])


def test_a_difference_is_shown_from_both_sides() -> None:
    assert places(["cat", "eel"], ["cat", "dog"])[1] == [
        "the data and the model do not name the same classes. Only in the data: eel. Only in the model: dog."
    ]
    assert places(["0", "1", "2"], ["cat", "dog"])[1] == ["the data has 3 classes, the model 2."]
    assert "and 92 more" in places([f"c{place}" for place in range(100)], ["x"])[1][0]


def test_a_few_names_are_not_taken_for_the_first_of_many_numbers() -> None:
    found, messages = places(["even", "odd"], [str(digit) for digit in range(10)])
    assert found == ()
    assert messages == [
        "the data names 2 classes (even, odd), the model numbers 10 (0, 1, 2, 3, 4, 5, 6, 7 and 2 more)."
    ]


def test_names_taken_for_numbers_in_their_order_are_told() -> None:
    assert are_taken_by_number(["zero", "one"], ["0", "1"])
    assert number_words("pairs", ["zero", "one"], "digits", ["0", "1"]).endswith("in order: 0 = zero, 1 = one.")
    assert not are_taken_by_number(["1"], ["0", "1"])


def test_names_that_differ_only_in_case_are_not_guessed_at() -> None:
    assert places(["CAT"], ["cat", "Cat"])[0] == ()


def test_what_counts_as_a_name() -> None:
    assert [are_named(labels) for labels in (["0", "1"], ["LABEL_0", "label_1"], ["1", "0"], ["a"], [])] == [
        False, False, True, True, False,
    ]  # fmt: skip
