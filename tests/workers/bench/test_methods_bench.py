"""The comparison's parts: what it asks for, what it tries, how it sums up, what it prints and keeps."""

import json
from pathlib import Path

import pytest

from hub.cli import bench
from workers.bench import cells, table, tuning
from workers.bench.notes import NOTES
from workers.contracts.methods import method_get, methods_of
from workers.contracts.methods.measured import measured
from workers.contracts.parsing import parse
from workers.demo import zoo
from workers.demo.cache import made_put

ROWS = [row for row in methods_of("merge") if row.takes == "model"]
FOLDERS = {name: Path(f"/zoo/key-{name}/out") for name in cells.EXPERTS.values()}


def evenly(value):
    return dict.fromkeys(zoo.DOMAINS, value)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_method_is_asked_for_what_it_takes(row):
    for settings in [{}, *tuning.tries(row)]:
        recipe = cells.recipe_of(row, FOLDERS, 0, **settings)
        found = parse(json.loads(json.dumps(recipe)), local=True).findings
        assert not [finding for finding in found if finding.severity == "error"]
    assert ("base" in recipe) == row.needs_base
    assert ("data" in recipe) == bool(row.learn)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_choice_begins_with_the_preset_and_is_as_long_for_everyone(row):
    tries = tuning.tries(row)
    assert len(tries) in ({3} if row.name in tuning.BEGINS else {0, 10})
    if tries:
        assert tries[0] == {name: pytest.approx(row.parameter(name).default) for name in tries[0]}
        assert len({json.dumps(settings) for settings in tries}) == len(tries)


def test_figures_are_means_over_seeds_and_the_worst_is_a_domain():
    seeds = [
        {"clean": 1.0, "rotated": 0.8, "shifted": 0.9, "noisy": 0.7},
        {"clean": 1.0, "rotated": 0.6, "shifted": 0.7, "noisy": 0.9},
    ]
    row = table.Row("ties", "TIES", 3, [{"domains": seed} for seed in seeds])
    row.cells[0] |= {"seconds": 1.5, "peak_memory_bytes": 30}
    row.cells[1]["chosen"] = {"settings": {"lambda": 1.5}, "domains": evenly(0.9)}
    figures = row.figures()
    assert figures["seeds"] == pytest.approx([0.85, 0.8])
    assert figures["mean"] == pytest.approx(0.825)
    assert (figures["worst_domain"], figures["worst"]) == ("rotated", pytest.approx(0.7))
    assert (figures["seconds"], figures["peak_memory_bytes"]) == (1.5, 30)
    assert (figures["chosen"]["mean"], figures["chosen"]["settings"]) == (pytest.approx(0.9), [{"lambda": 1.5}])


def test_the_text_has_the_best_first_and_says_what_to_know():
    rows = [
        table.Row(name, name, 0, [{"domains": evenly(value)}]).figures() | {"note": f"About {name}."}
        for name, value in (("linear", 0.8), ("ties", 0.9), ("digits-vit-base", 0.7))
    ]
    lines = table.text_of({"rows": rows}).splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["ties", "linear", "digits-vit-base"]
    assert lines[-3:] == ["linear: About linear.", "ties: About ties.", "digits-vit-base: About digits-vit-base."]


def test_what_was_measured_is_taken_over_until_the_method_changes(tmp_path, monkeypatch):
    study = object.__new__(cells.Study)
    study.cache, study.seed, study.folders = tmp_path, 0, FOLDERS
    method, asked = method_get("merge", "ties"), []

    def merged(recipe, scratch):
        asked.append(recipe)
        raise RuntimeError("asked again")

    monkeypatch.setattr(cells, "merged", merged)
    stamp = [method.revision, cells.recipe_of(method, FOLDERS, 0), tuning.tries(method)]
    (tmp_path / "ties@0").mkdir()
    made_put(tmp_path / "ties@0", {"stamp": stamp, "commit": "abc", "domains": evenly(0.9)})
    assert cells.cell_of(study, method, tmp_path, commit="def", alone=False)["commit"] == "abc"
    made_put(tmp_path / "ties@0", {"stamp": [method.revision - 1, *stamp[1:]], "commit": "abc"})
    with pytest.raises(RuntimeError, match="asked again"):
        cells.cell_of(study, method, tmp_path, commit="def", alone=False)
    assert asked[0]["method"] == "ties"


def test_notes_are_about_methods_that_there_are():
    assert all(method_get("merge", name) is not None for name in NOTES)


def test_the_recorded_table_is_of_this_zoo_and_says_where_it_was_taken():
    figures = measured()
    assert (figures["schema"], figures["domains"]) == (2, list(zoo.DOMAINS))
    assert figures["commits"]
    rows = {row["method"]: row for row in figures["rows"]}
    assert {row.name for row in ROWS} <= rows.keys()
    average = rows["linear"]["mean"]
    assert all(rows[row.name]["note"] for row in ROWS if rows[row.name]["mean"] < average), "say why"


def test_the_command_says_what_can_be_measured(capsys):
    assert bench.main([]) == 2
    assert "merge-methods" in capsys.readouterr().err
    assert bench.main(["--help"]) == 0
