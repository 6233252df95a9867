import json

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
