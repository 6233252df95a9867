import pytest

from workers.contracts.complaints import Complaints
from workers.contracts.methods import METHODS, Method, Parameter
from workers.contracts.parameters import check_value, resolve_parameters
from workers.contracts.parsing import parse
from workers.contracts.recipes import MergeRecipe, Source

EVERY = [(method, parameter) for method in METHODS for parameter in method.parameters]


def findings_of(parameter: Parameter, value: object) -> list[str]:
    complaints = Complaints({})
    check_value(parameter, value, (parameter.name,), complaints)
    return [finding.code for finding in complaints.findings]


@pytest.mark.parametrize(("method", "parameter"), EVERY, ids=lambda value: value.name)
def test_every_default_is_in_its_own_range(method: Method, parameter: Parameter) -> None:
    assert parameter.default is not None
    assert findings_of(parameter, parameter.default) == []


@pytest.mark.parametrize(("method", "parameter"), EVERY, ids=lambda value: value.name)
def test_every_parameter_has_bounds_and_refuses_beyond_them(method: Method, parameter: Parameter) -> None:
    if parameter.type in {"number", "integer"}:
        assert parameter.minimum is not None
        assert parameter.maximum is not None
        assert findings_of(parameter, parameter.maximum) == []
        assert findings_of(parameter, parameter.maximum + 1) == ["out_of_range"]
        assert findings_of(parameter, parameter.minimum - 1) == ["out_of_range"]
        assert findings_of(parameter, parameter.minimum) == (["out_of_range"] if parameter.exclusive_minimum else [])
        assert findings_of(parameter, "much") == ["wrong_type"]
    elif parameter.type == "choice":
        assert all(findings_of(parameter, choice) == [] for choice in parameter.choices)
        assert findings_of(parameter, "nothing") == ["unknown_choice"]
    else:
        assert findings_of(parameter, True) == []
        assert findings_of(parameter, "true") == ["wrong_type"]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_the_table_and_the_parser_agree(method: Method) -> None:
    document = {
        "kind": "merge",
        "method": method.name,
        "sources": [f"demo/{index}" for index in range(method.minimum_sources)],
        **{parameter.name: parameter.default for parameter in method.parameters},
    }
    assert parse(document).findings == ()


def test_a_sources_own_value_comes_before_the_recipes_and_the_tables() -> None:
    method = next(method for method in METHODS if method.name == "ties")
    sources = (Source(model="a/a", parameters={"density": 0.9}), Source(model="a/b"))
    recipe = MergeRecipe(method="ties", sources=sources, parameters={"density": 0.5, "lambda": 2.0})
    shared, each = resolve_parameters(recipe, method)
    assert shared.items() >= {"lambda": 2.0, "normalize": True}.items()
    assert each == [{"weight": 1.0, "density": 0.9}, {"weight": 1.0, "density": 0.5}]


@pytest.mark.parametrize(
    ("value", "meant"),
    [(2.0, 0.2), (30, 0.3), (90.0, 0.9), (5, 0.5), (-0.3, 0.3), (100.0, 1), (0.0, None), (1e9, None)],
)
def test_guesses_a_slipped_point_a_percentage_or_a_sign(value: float, meant: float | None) -> None:
    density = next(parameter for _, parameter in EVERY if parameter.name == "density")
    complaints = Complaints({})
    check_value(density, value, ("density",), complaints)
    repairs = complaints.findings[0].repair
    assert [repair.patch[0]["value"] for repair in repairs] == [density.default if meant is None else meant]
