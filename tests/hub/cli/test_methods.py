"""The method table on a terminal."""

import json

import pytest

from hub.cli.methods import main
from workers.contracts.describe import describe_method
from workers.contracts.methods import FAMILIES, METHODS


def test_lists_every_method_in_a_line_or_two_by_family(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("   ")] == [
        row.name for row in METHODS
    ]
    assert all(any(line.startswith(f"{family.label}: ") for line in lines) for family in FAMILIES)
    assert max(len(line) for line in lines if line.startswith(" ")) <= 100
    assert len(lines) < 3 * len(METHODS)


@pytest.mark.parametrize("method", METHODS, ids=lambda row: row.name)
def test_tells_all_of_one_by_its_name(capsys, method):
    assert main([method.name]) == 0
    text = capsys.readouterr().out
    assert method.when in text
    assert method.paper in text
    assert all(parameter.help in text for parameter in method.parameters)
    assert "=" in text


def test_an_unknown_name_leads_to_the_nearest(capsys):
    assert main(["tyes"]) == 2
    assert "Did you mean ties?" in capsys.readouterr().err


def test_as_json_it_is_the_answer_of_the_api(capsys):
    main(["--json"])
    assert json.loads(capsys.readouterr().out) == [describe_method(row) for row in METHODS]
    main(["--json", "ties", "pcb"])
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == ["ties", "pcb"]
