"""How a folder of data is read by its names."""

import pytest

from hub.cli.data import card_make, split_of, splits_of
from workers.planning.card import front_matter


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("data/train-00000-of-00002.parquet", "train"), ("val/7.png", "validation"), ("dev.jsonl", "validation"), ("my_test.csv", "test"), ("rows.csv", "train"),
        ("testament.csv", "train"), ("Test/a.PNG", "test"),
    ],
)  # fmt: skip
def test_a_word_of_the_path_names_the_split(name, split):
    assert split_of(name) == split


def test_splits_come_in_the_order_of_use():
    assert list(splits_of(["test.csv", "val.csv", "train.csv"])) == ["train", "validation", "test"]


def test_a_card_is_readable_whatever_files_are_called():
    card, findings = front_matter(card_make("alice/rows", ['train/"odd" \\ name: #1.csv', "test/b.csv"]))
    assert not findings
    assert card["configs"][0]["data_files"][0]["path"] == ['train/"odd" \\ name: #1.csv']


def test_many_files_are_named_by_their_folder():
    card, _ = front_matter(card_make("alice/rows", [f"train/{number}.png" for number in range(100)]))
    assert card["configs"][0]["data_files"][0]["path"] == ["train/*.png"]
