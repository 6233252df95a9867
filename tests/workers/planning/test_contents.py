"""What the first part of a split says before anything runs: missing values, foreign classes, mixed kinds, one class."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.workers.engine.data.writing import write_csv, write_jsonl, write_parquet, write_picture, write_tensors
from tests.workers.planning.test_evaluate_check import evaluate, text_model
from tests.workers.planning.zoo import checked, codes, found
from workers.contracts.facts import RepoFacts
from workers.contracts.recipes import DataReference
from workers.planning.folder import facts_of_folder
from workers.planning.preview import READ_BYTES
from workers.planning.runnable import image_finding, image_of


def facts(folder: Path, name: str = "rows") -> RepoFacts:
    return facts_of_folder(folder).model_copy(update={"repo": f"demo/{name}", "visibility": "public"})


def classified(folder: Path, *, knows: tuple[str, ...] = ("no", "yes"), **more: Any) -> Any:
    model = text_model("x", "ForSequenceClassification", labels=knows)
    document = evaluate("demo/x", data=[{"data": "demo/rows", "task": "text-classification", **more}])
    return checked(document, model, facts(folder))


def rows(*labels: Any) -> list[dict[str, Any]]:
    return [{"text": f"number {place}", "label": label} for place, label in enumerate(labels)]


def test_the_first_part_counts_what_it_holds(tmp_path: Path) -> None:
    write_jsonl(tmp_path, [*rows("no", "yes", None), {"text": "alone"}])
    seen = facts(tmp_path).seen["test"]["label"]
    assert (seen.rows, seen.is_whole, seen.missing, seen.first_missing, seen.counts) == (
        4,
        True,
        2,
        2,
        {"no": 1, "yes": 1},
    )
    write_csv(tmp_path, "text,label,x\na,007,1\nb,1,nan\n")
    (tmp_path / "test.jsonl").unlink()
    seen = facts(tmp_path).seen["test"]
    assert seen["label"].counts == {"007": 1, "1": 1}
    assert (seen["label"].low, seen["x"].missing, seen["x"].high) == (None, 1, 1.0)


def test_tensors_and_footers_tell_as_much_as_tables_of_text(tmp_path: Path) -> None:
    write_tensors(tmp_path / "a", {"features": np.zeros((3, 2)), "target": np.array([1.0, np.nan, 3.0])})
    target = facts(tmp_path / "a").seen["test"]["target"]
    assert (target.missing, target.first_missing, target.low, target.high) == (1, 1, 1.0, 3.0)
    columns = {
        "text": ["a", "b", None],
        "label": [1, 1, 1],
        "target": [float("nan")] * 3,
        "word": ["x", "x", "x"],
        "y": [0.5, 2, 3],
    }
    write_parquet(tmp_path / "b", pa.table(columns))
    seen = facts(tmp_path / "b").seen["test"]
    assert {name: column.missing for name, column in seen.items()} == {
        "text": 1,
        "label": 0,
        "target": 3,
        "word": 0,
        "y": 0,
    }
    assert (seen["label"].counts, seen["word"].counts, seen["y"].high) == ({"1": 3}, {"x": 3}, 3.0)


def test_classes_that_the_model_does_not_know_are_told_before_anything_runs(tmp_path: Path) -> None:
    write_jsonl(tmp_path, rows("no", "yes", "maybe"))
    assert "maybe" in found(classified(tmp_path), "label_mismatch").message
    # Behind the limit it is not measured.
    assert "label_mismatch" not in codes(classified(tmp_path, limit=2))


def test_labels_that_the_split_does_not_hold_or_that_it_holds_beside_them(tmp_path: Path) -> None:
    write_jsonl(tmp_path, rows("no", "yes"))
    told = [entry for entry in classified(tmp_path, knows=("a", "b")).findings if entry.code == "label_mismatch"]
    assert told
    told = [entry for entry in classified(tmp_path, labels=["no", "never"]).findings if "labels" in entry.where]
    assert [(entry.code, entry.severity) for entry in told] == [("label_mismatch", "error")]
    assert "yes" in told[0].message


@pytest.mark.parametrize(
    ("labels", "code", "severity"),
    [
        (["no", None], "data_null", "error"),
        (["no", 1], "data_unreadable", "error"),
        (["no", "no"], "one_class", "warning"),
        ([0, -1], "label_range", "error"),
        ([0, 5], "label_mismatch", "error"),
        ([0, 1], "labels_by_number", "warning"),
    ],
)
def test_what_speaks_against_a_split_is_said_at_the_check(tmp_path: Path, labels: list[Any], code: str, severity: str) -> None:  # fmt: skip
    write_jsonl(tmp_path, rows(*labels))
    assert found(classified(tmp_path), code).severity == severity


def test_numbers_without_names_are_said_to_be_positions(tmp_path: Path) -> None:
    write_jsonl(tmp_path, rows(0, 1))
    assert (
        "labels 0–1 of rows are numbers without names and are taken as the classes of x in order: 0 = no, 1 = yes."
        in (found(classified(tmp_path), "labels_by_number").message)
    )
    write_csv(tmp_path / "card", "text,label\na,0\nb,1\n")
    card = "---\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names: [no, yes]\n---\n"
    (tmp_path / "card" / "README.md").write_text(card)
    assert "labels_by_number" not in codes(classified(tmp_path / "card"))


def test_only_the_head_of_a_large_table_is_read_and_warned_of(tmp_path: Path) -> None:
    filler = "x" * (READ_BYTES // 4)
    held = [{"text": filler, "label": "no"}] * 8
    write_jsonl(tmp_path, held)
    warned = found(classified(tmp_path), "one_class")
    assert (warned.severity, "The rest was not read yet" in warned.message) == ("warning", True)
    assert "label_extra" not in codes(classified(tmp_path, knows=("no", "yes", "maybe")))
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*held, {"text": "a", "label": 1}]))
    assert classified(tmp_path).ok
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [{"text": "a", "label": 1}, *held]))
    assert "has text in label" in found(classified(tmp_path), "data_unreadable").message


def test_lines_that_do_not_fit_the_table_are_told(tmp_path: Path) -> None:
    write_csv(tmp_path, "text,label\na,no\nb, so,yes\n")
    assert "Line 3 of test.csv has 3 cells" in facts(tmp_path).problems["test"]


def test_one_class_cannot_be_ranked_by(tmp_path: Path) -> None:
    from tests.workers.planning.test_rank_check import MODELS
    from workers.contracts.recipes import Measure, RankRecipe
    from workers.planning.check import check

    write_jsonl(tmp_path, rows(*["no"] * 30))
    recipe = RankRecipe(models=("alice/bert",), data=(Measure(data="demo/rows"),))
    assert found(check(recipe, MODELS | {"demo/rows": facts(tmp_path)}), "one_class").severity == "error"


@pytest.mark.parametrize(
    ("shape", "ending"), [((8, 6), "png"), ((8, 6, 3), "png"), ((8, 6), "jpg"), ((8, 6, 3), "jpg")]
)
def test_the_shape_of_pictures_is_known_from_the_headers_of_a_few(
    tmp_path: Path, shape: tuple[int, ...], ending: str
) -> None:
    for place in range(7):
        write_picture(tmp_path / "d" / "test" / "cat" / f"{place}.{ending}", np.full(shape, place, dtype=np.uint8))
    facts = facts_of_folder(tmp_path / "d")
    assert facts.pictures == {"test": (3 if len(shape) == 3 else 1, 8, 6)}


def test_pictures_of_several_sizes_have_no_shape(tmp_path: Path) -> None:
    for place in range(4):
        write_picture(tmp_path / "d" / "test" / "cat" / f"{place}.png", np.zeros((8, 6 + place), dtype=np.uint8))
    assert facts_of_folder(tmp_path / "d").pictures == {}


def test_pictures_that_a_model_does_not_take_are_found_by_the_check(tmp_path: Path) -> None:
    for place in range(2):
        write_picture(tmp_path / "d" / "test" / "cat" / f"{place}.png", np.zeros((32, 32), dtype=np.uint8))
    facts = facts_of_folder(tmp_path / "d")
    item = DataReference(data="d")
    model = RepoFacts(config={"num_channels": 1, "image_size": 8})
    misfit = image_finding("vit", model, ("data", 0), item, image_of(item, {"d": facts}))
    assert misfit is not None
    assert "1 × 8 × 8" in misfit.message
    assert "1 × 32 × 32" in misfit.message
