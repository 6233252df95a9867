"""What every row of the method table must say, so that pages, terminal and docs have something to show."""

import re

import pytest

from workers.contracts.methods import FAMILIES, METHODS, Method, family_of


@pytest.mark.parametrize("method", METHODS, ids=lambda method: f"{method.kind}-{method.name}")
def test_every_row_says_what_it_does_and_when_to_use_it(method: Method) -> None:
    for words in (method.summary, method.when):
        assert re.fullmatch(r"[A-Z].{20,220}\.", words), words
    assert method.when != method.summary
    assert method.paper


def test_every_row_stands_in_one_family() -> None:
    assert [method for family in FAMILIES for method in family.methods] == list(METHODS)
    assert all(family_of(method).name for method in METHODS)
    assert len({(method.kind, method.name) for method in METHODS}) == len(METHODS)
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)
