"""A split reads the same whatever it is written in."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.workers.engine.data.writing import (
    REVIEWS,
    write_csv,
    write_jsonl,
    write_parquet,
    write_picture,
    write_tensors,
)
from workers.contracts.errors import UserError
from workers.engine.data.splits import open_split

CSV = 'text,label\na fine film,good\nnever again,bad\nI wept — with joy,good\n"bread, water",bad\n'


def test_tables_of_every_kind_hold_the_same_rows(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a", REVIEWS)
    write_parquet(tmp_path / "b", REVIEWS)
    write_csv(tmp_path / "c", CSV)
    write_csv(
        tmp_path / "d", "text\tlabel\n" + "".join(f"{row['text']}\t{row['label']}\n" for row in REVIEWS), "test.tsv"
    )
    for name in "abcd":
        split = open_split(tmp_path / name, "test", reference=name)
        assert (len(split), split.columns) == (4, {"text": "string", "label": "string"})
        assert split.take([2, 0])["text"] == ["I wept — with joy", "a fine film"]


def test_rows_of_many_batches_and_files_are_found_in_any_order(tmp_path: Path) -> None:
    for part in range(2):
        rows = [{"x": part * 3000 + row, "text": f"row {part * 3000 + row}"} for row in range(3000)]
        write_parquet(tmp_path, rows, f"data/test-0000{part}-of-00002.parquet")
    split = open_split(tmp_path, "test", reference="lab/rows")
    wanted = np.random.RandomState(0).permutation(6000)
    taken = split.take(wanted)
    assert taken["x"].tolist() == wanted.tolist()
    assert taken["text"] == [f"row {row}" for row in wanted]


def test_tensors_are_mapped_and_read_as_they_are(tmp_path: Path) -> None:
    images = np.random.RandomState(0).rand(5, 1, 4, 4).astype(np.float32)
    write_tensors(tmp_path, {"images": images, "labels": np.arange(5)}, names='{"labels": ["a", "b", "c", "d", "e"]}')
    split = open_split(tmp_path, "test", reference="lab/pictures")
    assert split.columns == {"images": "image", "labels": "int64"}
    assert split.names == {"labels": ("a", "b", "c", "d", "e")}
    assert isinstance(split.held["images"].array, np.memmap)
    assert np.array_equal(split.take([3, 1])["images"], images[[3, 1]])


def test_a_folder_of_pictures_has_its_classes_from_the_folders(tmp_path: Path) -> None:
    for place, name in enumerate(("cat", "dog", "cat")):
        write_picture(tmp_path / "test" / name / f"{place}.png", np.full((4, 6), 51 * (place + 1)))
    write_picture(tmp_path / "train" / "cat" / "9.png", np.zeros((4, 6)))
    split = open_split(tmp_path, "test", reference="lab/animals")
    taken = split.take([0, 1, 2])
    assert taken["label"] == ["cat", "cat", "dog"]
    assert [picture.shape for picture in taken["image"]] == [(1, 4, 6)] * 3
    assert [round(float(picture.mean()), 6) for picture in taken["image"]] == [0.2, 0.6, 0.4]


def test_grey_pictures_among_coloured_ones_have_three_channels(tmp_path: Path) -> None:
    write_picture(tmp_path / "test" / "a" / "0.png", np.full((2, 2), 255))
    write_picture(tmp_path / "test" / "b" / "1.png", np.full((2, 2, 3), (255, 0, 0)))
    taken = open_split(tmp_path, "test", reference="lab/mixed").take([0, 1])["image"]
    assert taken[0].tolist() == np.ones((3, 2, 2)).tolist()
    assert taken[1][:, 0, 0].tolist() == [1.0, 0.0, 0.0]


def test_pictures_in_a_table_are_decoded_when_taken(tmp_path: Path) -> None:
    raw = write_picture(tmp_path / "x.png", np.full((3, 3), 255)).read_bytes()
    (tmp_path / "x.png").unlink()
    write_parquet(tmp_path, [{"image": {"bytes": raw, "path": "x.png"}, "label": 1}])
    split = open_split(tmp_path, "test", reference="lab/rows")
    assert split.columns == {"image": "image", "label": "int64"}
    assert split.take([0])["image"][0].tolist() == np.ones((1, 3, 3)).tolist()


def test_columns_that_no_role_can_have_are_left_out(tmp_path: Path) -> None:
    table = pa.table({"text": ["a"], "nested": [[[1]]], "when": pa.array([0], pa.timestamp("s")), "pairs": [{"a": 1}]})
    write_parquet(tmp_path, table)
    assert open_split(tmp_path, "test", reference="lab/rows").columns == {"text": "string"}


def test_a_split_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    write_jsonl(tmp_path, REVIEWS, "train.jsonl")
    with pytest.raises(UserError, match=r"has no split test\. It has train\.") as refusal:
        open_split(tmp_path, "test", reference="lab/reviews")
    assert [finding.code for finding in refusal.value.findings] == ["split_missing"]


def test_an_empty_split_is_refused(tmp_path: Path) -> None:
    write_csv(tmp_path, "text,label\n")
    with pytest.raises(UserError, match="holds no examples"):
        open_split(tmp_path, "test", reference="lab/empty")


def test_a_table_is_read_once_into_the_scratch_folder(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "data", REVIEWS)
    first = open_split(tmp_path / "data", "test", reference="lab/reviews", scratch=tmp_path / "scratch")
    made = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "scratch").iterdir()}
    again = open_split(tmp_path / "data", "test", reference="lab/reviews", scratch=tmp_path / "scratch")
    assert again.take([1]) == first.take([1])
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "scratch").iterdir()} == made


def test_a_table_may_describe_the_pictures_beside_it(tmp_path: Path) -> None:
    for place in range(2):
        write_picture(tmp_path / "test" / "all" / f"{place}.png", np.full((2, 2), 255 * place))
    write_csv(tmp_path, "file_name,label\nall/1.png,white\nall/0.png,black\n", "test/metadata.csv")
    split = open_split(tmp_path, "test", reference="lab/shades")
    assert split.columns == {"image": "image", "file_name": "string", "label": "string"}
    taken = split.take([0, 1])
    assert [(float(picture.max()), label) for picture, label in zip(taken["image"], taken["label"], strict=True)] == [
        (1.0, "white"), (0.0, "black"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["../secret.png", "/etc/secret.png", "all/9.png", "metadata.csv", "a\0.png"])
def test_a_table_names_only_pictures_beside_it(tmp_path: Path, name: str) -> None:
    write_picture(tmp_path / "secret.png", [[0]])
    write_jsonl(tmp_path, [{"file_name": name}], "test/metadata.jsonl")
    with pytest.raises(UserError, match="does not lie beside the table"):
        open_split(tmp_path, "test", reference="lab/shades")
