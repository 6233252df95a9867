"""Columns play roles, classes are matched by name, and every example has an identity that no order or format changes."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.workers.engine.data.writing import REVIEWS, write_csv, write_jsonl, write_parquet, write_tensors
from workers.contracts.errors import UserError
from workers.engine.data.examples import Examples, examples_of
from workers.engine.data.splits import open_split


def read(folder: Path, task: str, **options: Any) -> Examples:
    return examples_of(open_split(folder, "test", reference="lab/data"), task, name="lab/data", **options)


def refusal(folder: Path, task: str, **options: Any) -> list[str]:
    with pytest.raises(UserError) as caught:
        read(folder, task, **options)
    return [f"{finding.code}: {finding.message}" for finding in caught.value.findings]


def test_a_picture_is_known_by_its_pixels_and_its_class(tmp_path: Path) -> None:
    images, labels = np.random.RandomState(0).rand(3, 1, 2, 2).astype(np.float32), np.array([1, 0, 1])
    write_tensors(tmp_path, {"images": images, "labels": labels, "index": np.array([7, 8, 9])})
    examples = read(tmp_path, "image-classification")
    assert examples.shas()[2] == hashlib.sha256(images[2].tobytes() + labels[2].tobytes()).hexdigest()
    assert (examples.index.tolist(), examples.labels) == ([7, 8, 9], ("0", "1"))
    assert np.array_equal(examples.take([0, 2])["image"], images[[0, 2]])
    assert examples.gold([0, 2]).tolist() == [1, 1]


def test_the_identity_of_text_is_the_same_in_any_order_and_format(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a", REVIEWS)
    write_parquet(tmp_path / "b", list(reversed(REVIEWS)))
    first, second = read(tmp_path / "a", "text-classification"), read(tmp_path / "b", "text-classification")
    assert first.shas() == list(reversed(second.shas()))
    known = '{"=":"good","text":"I wept — with joy"}'
    assert first.shas([2]) == [hashlib.sha256(known.encode()).hexdigest()]


def test_classes_are_matched_by_name_to_those_asked_for(tmp_path: Path) -> None:
    write_jsonl(tmp_path, REVIEWS)
    assert read(tmp_path, "text-classification").labels == ("bad", "good")
    mapped = read(tmp_path, "text-classification", labels=("Good", "neutral", "BAD"))
    assert mapped.gold(range(4)).tolist() == [0, 2, 0, 2]
    [found] = refusal(tmp_path, "text-classification", labels=("positive", "bad"))
    assert found == (
        "label_mismatch: lab/data and the classes asked for do not name the same classes. Only in lab/data: good. "
        "Only in the classes asked for: positive."
    )


def test_numbers_are_taken_as_indices(tmp_path: Path) -> None:
    write_csv(tmp_path, "text,label\na,0\nb,2\n")
    assert read(tmp_path, "text-classification").labels == ("0", "1", "2")
    assert read(tmp_path, "text-classification", labels=("x", "y", "z")).gold([0, 1]).tolist() == [0, 2]
    assert refusal(tmp_path, "text-classification", labels=("x", "y"))[0].startswith("label_mismatch")


def test_a_class_called_3_is_the_3_of_others(tmp_path: Path) -> None:
    """Folders 1 and 3 of the digits are not the first two classes."""
    write_jsonl(tmp_path, [{"text": "a", "label": "3"}, {"text": "b", "label": "1"}])
    examples = read(tmp_path, "text-classification", labels=[str(digit) for digit in range(10)])
    assert examples.gold([0, 1]).tolist() == [3, 1]


def test_the_names_that_a_file_gives_to_its_numbers_count(tmp_path: Path) -> None:
    features = np.ones((2, 3), np.float32)
    write_tensors(tmp_path, {"features": features, "labels": np.array([0, 1])}, names='{"labels": ["cat", "dog"]}')
    examples = read(tmp_path, "tabular-classification", labels=("dog", "cat"))
    assert examples.gold([0, 1]).tolist() == [1, 0]


def test_two_classes_of_one_name_are_refused(tmp_path: Path) -> None:
    tensors = {"features": np.ones((2, 1), np.float32), "labels": np.array([0, 1])}
    write_tensors(tmp_path, tensors, names='{"labels": ["cat", "cat"]}')
    assert refusal(tmp_path, "tabular-classification")[0].startswith("label_mismatch: The data calls several classes")


def test_features_are_all_columns_of_numbers_that_are_left(tmp_path: Path) -> None:
    write_csv(tmp_path, "name,width,height,target\nx,1,2.5,0.5\ny,3,4,1.5\n")
    examples = read(tmp_path, "tabular-regression")
    assert examples.take([0, 1])["features"].tolist() == [[1.0, 2.5], [3.0, 4.0]]
    assert examples.gold([0, 1]).tolist() == [0.5, 1.5]
    chosen = read(tmp_path, "tabular-regression", columns={"features": "height, width", "target": "target"})
    assert chosen.take([1])["features"].tolist() == [[4.0, 3.0]]


def test_all_that_is_missing_is_said_at_once(tmp_path: Path) -> None:
    write_csv(tmp_path, "width\n1\n")
    assert [found.partition(":")[0] for found in refusal(tmp_path, "text-classification")] == ["column_missing"] * 2
    [found] = refusal(tmp_path, "tabular-regression", columns={"target": "widht", "features": "width"})
    assert found == "column_missing: lab/data has no column widht. Did you mean width?"


def test_duplicates_are_counted_and_one_class_is_noticed(tmp_path: Path) -> None:
    write_jsonl(tmp_path, [REVIEWS[0], REVIEWS[0], REVIEWS[2]])
    examples = read(tmp_path, "text-classification")
    assert examples.duplicates() == 1
    assert [warning.code for warning in examples.warnings] == ["one_class"]
    assert read(tmp_path, "text-classification", limit=1).duplicates() == 0


def test_slices_are_the_values_of_a_column_as_text(tmp_path: Path) -> None:
    write_jsonl(tmp_path, [dict(row, source=place % 2) for place, row in enumerate(REVIEWS)])
    assert read(tmp_path, "text-classification").slice_values("source") == ["0", "1", "0", "1"]


@pytest.mark.parametrize(
    ("task", "rows", "batch", "gold"),
    [
        ("causal-lm", [{"text": "one"}], {"text": ["one"]}, None),
        ("retrieval", [{"query": "q", "document": "d"}], {"query": ["q"], "document": ["d"]}, None),
        ("sentence-similarity", [{"sentence1": "a", "sentence2": "b", "score": 0.5}], {"text": ["a"], "text_pair": ["b"]}, [0.5]),
        ("multiple-choice", [{"question": "q", "choices": ["x", "y"], "answerKey": "B"}], {"question": ["q"], "choices": [["x", "y"]]}, [1]),
        ("generation", [{"question": "q", "answer": "a"}], {"question": ["q"]}, ["a"]),
    ],
)  # fmt: skip
def test_every_task_gets_its_roles(
    tmp_path: Path, task: str, rows: list[dict[str, Any]], batch: Any, gold: Any
) -> None:
    write_jsonl(tmp_path, rows)
    examples = read(tmp_path, task)
    assert examples.take([0]) == batch
    held = examples.gold([0])
    assert (None if held is None else list(held)) == gold
    assert len(set(examples.shas() + examples.input_shas())) == (1 if gold is None else 2)
