from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.contracts.patching import patched
from workers.contracts.complaints import Complaints
from workers.contracts.methods import Parameter
from workers.contracts.settings import check_setting, filters_of, first_value, setting_value

NUMBER = Parameter("weight", "number", "Weight", "", minimum=0.0, maximum=1.0, default=0.25)
SWITCH = Parameter("normalize", "boolean", "Normalise", "")
NAME = "model.layers.3.mlp.up_proj.weight"


@pytest.mark.parametrize(
    ("setting", "position", "value"),
    [
        (0.5, 0.3, 0.5),
        ([0.0, 1.0], 0.0, 0.0),
        ([0.0, 1.0], 0.25, 0.25),
        ([0.0, 1.0, 0.5], 0.75, 0.75),
        ([0.0, 1.0], 1.0, 1.0),
        ([0.7], 0.4, 0.7),
        ({"value": 0.5, "filter": "mlp"}, 0.0, 0.5),
        ({"value": 0.5, "filter": "attn"}, 0.0, None),
        ({"value": [0.0, 1.0]}, 0.5, 0.5),
        ([{"value": 0.1, "filter": "attn"}, {"value": 0.2, "filter": "up_proj"}, {"value": 0.3}], 0.0, 0.2),
        ([{"value": 0.1, "filter": "attn"}, {"value": 0.3, "filter": "*"}], 0.0, 0.3),
        ([{"value": 0.1, "filter": "attn"}], 0.0, None),
    ],
)
def test_a_setting_has_one_value_for_a_tensor(setting: Any, position: float, value: float | None) -> None:
    assert setting_value(NUMBER, setting, NAME, position) == value


def test_what_is_no_number_takes_the_anchor_before() -> None:
    values = [setting_value(SWITCH, [True, False, True], NAME, layer / 4) for layer in range(5)]
    assert values == [True, True, False, False, True]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0, 1))
def test_a_gradient_stays_between_its_anchors(anchors: list[float], position: float) -> None:
    value = setting_value(NUMBER, anchors, NAME, position)
    assert min(anchors) - 1e-12 <= value <= max(anchors) + 1e-12


def test_the_nearest_scope_that_fits_holds() -> None:
    scopes = [{"weight": {"value": 0.9, "filter": "attn"}}, {}, {"weight": [0.0, 0.8]}, {"weight": 0.1}]
    assert first_value(NUMBER, scopes, NAME, 0.5) == 0.4
    assert first_value(NUMBER, scopes[:2], NAME, 0.5) == 0.25


def test_names_the_filters_that_leave_tensors_out() -> None:
    assert filters_of([{"value": 1, "filter": "a"}, {"value": 1, "filter": "*"}, {"value": 1}]) == ["a"]
    assert filters_of([1, 2]) == filters_of(3) == []


@pytest.mark.parametrize(
    ("setting", "code", "where"),
    [
        ([0.5, 2.0], "out_of_range", "weight[1]"),
        ([0.5, "x"], "wrong_type", "weight[1]"),
        ([], "wrong_type", "weight"),
        ([0.5, {"value": 1.0}], "bad_setting", "weight"),
        ([0.5] * 600, "bad_setting", "weight"),
        ({"filter": "mlp"}, "missing_key", "weight.value"),
        ({"value": 0.5, "filtr": "mlp"}, "unknown_key", "weight.filtr"),
        ({"value": 0.5, "filter": 3}, "wrong_type", "weight.filter"),
        ({"value": {"value": 1.0}}, "bad_setting", "weight.value"),
        ([{"value": [0.5, 3.0], "filter": "mlp"}], "out_of_range", "weight[0].value[1]"),
        ([{"value": 1.0}, {"value": 0.5, "filter": "mlp"}], "filter_unreachable", "weight[1]"),
    ],
)
def test_says_what_is_wrong_with_a_setting_and_where(setting: Any, code: str, where: str) -> None:
    complaints = Complaints({})
    is_right = check_setting(NUMBER, setting, ("weight",), complaints)
    (found,) = complaints.findings
    assert (found.code, found.where) == (code, where)
    assert is_right == (found.severity == "warning")


def test_a_misspelt_filter_is_mended() -> None:
    complaints = Complaints({})
    check_setting(NUMBER, {"value": 0.5, "filtr": "mlp"}, ("weight",), complaints)
    document = {"weight": {"value": 0.5, "filtr": "mlp"}}
    assert patched(document, complaints.findings[0].repair[0]) == {"weight": {"value": 0.5, "filter": "mlp"}}
