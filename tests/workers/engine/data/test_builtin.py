"""What every worker carries is what the planner's table says, the same on every machine."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris

from workers.contracts.errors import UserError
from workers.contracts.naming import BUILTIN_DATA
from workers.engine.data.builtin import MAKERS
from workers.engine.data.digits import domain_split
from workers.engine.data.examples import Examples, examples_of
from workers.engine.data.leakage import overlap
from workers.engine.data.splits import open_split
from workers.planning.builtins import BUILTINS, Builtin, builtin_facts

NOWHERE = Path("/nowhere")
# Of the sets whose bits no version of a library decides: sha256 over the example hashes of the test split.
PINNED = {
    "builtin:digits": "4f23d92325a09b0e7deefbc9afdf5e904ad4a182a6206ae84f206391857df9f3",
    "builtin:breast-cancer": "e268b525cd3f7648892d7575d28fbdee3fcbb300624ebe41d2f8160791678a26",
    "builtin:wine": "bd8c9be94ebf43ddaa297efa2d553af0b7fe6bb34ae27dce80982f5375aac200",
    "builtin:iris": "813ce35c963efd4ca7c3fd86900228a0a5f7d92823faaffb1d6c98451a9719e6",
    "builtin:diabetes": "ef2ceef6a512e786aa650759317f696e982ab5dca211a57b1f2725a6246e8c06",
}


def read(row: Builtin, split: str) -> Examples:
    return examples_of(open_split(NOWHERE, split, reference=row.name), row.task, name=row.name)


@pytest.mark.parametrize("row", BUILTINS, ids=lambda row: row.name)
def test_the_table_says_what_there_is(row: Builtin) -> None:
    splits = {split: read(row, split) for split in row.rows}
    assert {split: len(examples) for split, examples in splits.items()} == row.rows
    assert [examples.split.columns for examples in splits.values()] == [row.columns] * 3
    assert [examples.labels for examples in splits.values()] == [row.labels] * 3
    assert builtin_facts(row.name).splits == row.rows


@pytest.mark.parametrize("row", BUILTINS, ids=lambda row: row.name)
def test_splits_share_no_input_and_hold_every_class(row: Builtin) -> None:
    train, test = read(row, "train"), read(row, "test")
    assert overlap(test, train) == 0
    if row.labels:
        assert set(test.gold(np.arange(len(test))).tolist()) == set(range(len(row.labels)))


@pytest.mark.parametrize("name", PINNED)
def test_the_bits_are_the_same_everywhere(name: str) -> None:
    row = next(row for row in BUILTINS if row.name == name)
    assert hashlib.sha256("".join(read(row, "test").shas()).encode()).hexdigest() == PINNED[name]


def test_the_digits_are_those_that_results_are_stored_of() -> None:
    shas = read(BUILTINS[0], "test").shas()
    images, labels, _ = domain_split("clean", "test")
    expected = [
        hashlib.sha256(image.astype("<f4").tobytes() + label.astype("<i8").tobytes()).hexdigest()
        for image, label in zip(images, labels, strict=True)
    ]
    assert shas == expected


def test_measurements_are_those_of_scikit_learn() -> None:
    held = load_iris()
    features = read(next(row for row in BUILTINS if row.name == "builtin:iris"), "test").take([0])["features"]
    assert features.tolist()[0] in held.data.tolist()


def test_recipes_may_name_what_the_table_has() -> None:
    assert tuple(row.name for row in BUILTINS) == BUILTIN_DATA == tuple(MAKERS)


@pytest.mark.parametrize(
    ("name", "split", "code"), [("builtin:nothing", "test", "data_unknown"), ("builtin:iris", "extra", "split_missing")]
)
def test_what_there_is_not_is_refused(name: str, split: str, code: str) -> None:
    with pytest.raises(UserError) as refusal:
        open_split(NOWHERE, split, reference=name)
    assert [finding.code for finding in refusal.value.findings] == [code]
