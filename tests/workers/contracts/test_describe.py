import json

import jsonschema
import pytest

from workers.contracts.describe import describe_method
from workers.contracts.methods import METHODS, Method


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_describes_every_parameter_once(method: Method) -> None:
    described = describe_method(method)
    assert json.loads(json.dumps(described)) == described
    names = [*described["parameters"]["properties"], *described["source_parameters"]["properties"]]
    assert sorted(names) == sorted(parameter.name for parameter in method.parameters)


def test_an_open_bound_is_told_as_one() -> None:
    ties = next(method for method in METHODS if method.name == "ties")
    density = describe_method(ties)["source_parameters"]["properties"]["density"]
    assert (density["exclusiveMinimum"], density["maximum"], density["default"]) == (0.0, 1.0, 0.3)


@pytest.mark.parametrize(
    ("name", "value", "is_right"),
    [
        ("density", 0.5, True),
        ("density", [0.1, 0.9], True),
        ("density", {"value": [0.1, 0.9], "filter": "mlp"}, True),
        ("density", [{"value": 0.1, "filter": "mlp"}, {"value": 0.9}], True),
        ("density", 0.0, False),
        ("density", [0.1, 2.0], False),
        ("density", {"value": 2.0}, False),
        ("density", {"filter": "mlp"}, False),
        ("density", [], False),
        ("vote", "raw", True),
        ("vote", ["raw", "weighted"], True),
        ("vote", {"value": "raw", "filter": "mlp"}, True),
        ("vote", "loud", False),
        ("vote", ["loud"], False),
    ],
)
def test_the_schema_takes_every_form_of_a_setting_and_no_other(name: str, value: object, is_right: bool) -> None:
    described = describe_method(next(method for method in METHODS if method.name == "ties"))
    properties = described["parameters"]["properties"] | described["source_parameters"]["properties"]
    assert jsonschema.Draft202012Validator(properties[name]).is_valid(value) == is_right
