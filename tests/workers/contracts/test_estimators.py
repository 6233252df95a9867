"""The estimator table leads to functions of the form it promises."""

import inspect
from importlib import import_module

import pytest

from workers.contracts.estimators import ESTIMATORS, estimator_get


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda row: row.name)
def test_row_leads_to_its_function(estimator):
    module, _, name = estimator.function.partition(":")
    parameters = list(inspect.signature(getattr(import_module(module), name)).parameters)
    assert parameters[0] == estimator.needs
    assert estimator_get(estimator.name) is estimator


def test_unknown_name_has_no_row():
    assert estimator_get("logmee") is None
