"""The comparison's parts: what it asks for, how it normalises, what it prints."""

import json
from pathlib import Path

import pytest

from hub.cli import bench
from workers.bench import methods
from workers.bench.notes import NOTES
from workers.contracts.methods import method_get, methods_of
from workers.contracts.parsing import parse
from workers.demo import zoo

FOLDERS = {name: Path(f"/zoo/{name}") for name in methods.EXPERTS.values()}


@pytest.mark.parametrize(
    "row",
    [row for row in methods_of("merge") if row.needs in methods.NEEDS_NOTHING and row.takes == "model"],
    ids=lambda row: row.name,
)
def test_every_method_is_asked_for_what_it_takes(row):
    recipe = methods.recipe_of(row, FOLDERS, 0)
    assert not [
        finding for finding in parse(json.loads(json.dumps(recipe)), local=True).findings if finding.severity == "error"
    ]
    assert ("base" in recipe) == row.needs_base


def test_accuracy_is_that_of_the_model_made_for_the_domain():
    row = methods.Row("ties", 3)
    methods._note(
        row.domains, dict.fromkeys(zoo.DOMAINS, 0.6), {"clean": 0.9, "rotated": 0.6, "shifted": 0.8, "noisy": 1.2}
    )
    methods._note(
        row.domains, dict.fromkeys(zoo.DOMAINS, 0.3), {"clean": 0.3, "rotated": 0.6, "shifted": 0.6, "noisy": 0.6}
    )
    methods._note(row.scaled, dict.fromkeys(zoo.DOMAINS, 0.9), dict.fromkeys(zoo.DOMAINS, 1.0))
    row.seconds, row.memory, row.scales = [1.0, 3.0], [10, 30], [1.5]
    figures = row.figures()
    assert figures["domains"] == pytest.approx({"clean": 5 / 6, "rotated": 0.75, "shifted": 0.625, "noisy": 0.5})
    assert figures["mean"] == pytest.approx((5 / 6 + 0.75 + 0.625 + 0.5) / 4)
    assert (figures["worst_domain"], figures["worst"]) == ("noisy", pytest.approx(0.5))
    assert (figures["seconds"], figures["peak_memory_bytes"]) == (2.0, 20)
    assert (figures["scaled"]["mean"], figures["scaled"]["scales"]) == (pytest.approx(0.9), [1.5])


def test_the_table_has_the_best_first_and_says_what_to_know():
    rows = []
    for name, value in (("linear", 0.8), ("ties", 0.9), ("digits-vit-base", 0.7)):
        row = methods.Row(name, 0)
        methods._note(row.domains, dict.fromkeys(zoo.DOMAINS, value), dict.fromkeys(zoo.DOMAINS, 1.0))
        rows.append(row.figures() | {"note": f"About {name}."})
    lines = methods.table({"rows": rows}).splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["ties", "linear", "digits-vit-base"]
    assert lines[-3:] == ["ties: About ties.", "linear: About linear.", "digits-vit-base: About digits-vit-base."]


def test_notes_are_about_methods_that_there_are():
    assert all(method_get("merge", name) is not None for name in NOTES)


def test_the_command_says_what_can_be_measured(capsys):
    assert bench.main([]) == 2
    assert "merge-methods" in capsys.readouterr().err
    assert bench.main(["--help"]) == 0
