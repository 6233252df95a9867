"""What every row of the method table must say, so that pages, terminal and docs have something to show."""

import inspect
import re
import subprocess
import sys

import pytest

from workers.contracts.methods import FAMILIES, METHODS, Method, family_of
from workers.contracts.methods.explained import explained, read

DOCSTRING = """Adds up.

    a = b;  c = d, which goes
    on here;
    θ = a + c.

    Source: A paper, section 2,
        second line.

    Args:
        step: with `x = 1`.

    Cost: one pass.
    """


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


@pytest.mark.parametrize("method", METHODS, ids=lambda method: f"{method.kind}-{method.name}")
def test_the_file_of_every_row_has_a_formula(method: Method) -> None:
    found = explained(method)
    assert any(re.search(r"[=∝≈]", part) for part in found.formula), found
    assert found.source


def test_a_docstring_is_taken_apart_by_its_sections() -> None:
    found = read(inspect.cleandoc(DOCSTRING))
    assert found.formula == ("a = b;", "c = d, which goes on here;", "θ = a + c.")
    assert (found.summary, found.source, found.cost) == ("Adds up.", "A paper, section 2, second line.", "one pass.")


def test_reading_formulas_imports_no_torch() -> None:
    code = "import sys; from workers.contracts.methods import METHODS; from workers.contracts.methods.explained import explained; [explained(row) for row in METHODS]; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
