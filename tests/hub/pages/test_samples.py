"""Examples of a dataset on a page: each format, the places of rows over several files, and what is refused."""

import base64
import io
import json
import struct
import zlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save

from hub.catalog.gates import gate_set
from hub.catalog.selectors import commit_resolve
from hub.pages.samples import reading, split
from hub.pages.samples.builtin import builtin_rows
from hub.pages.samples.pictures import MOST_INLINE, Picture, picture_of_bytes, picture_of_values
from hub.pages.samples.split import split_rows, spread_rows
from tests.factories.catalog import make_repo


def png_pixels(picture: Picture) -> list[bytes]:
    """The rows of an eight-bit PNG without filters."""
    content = base64.b64decode(picture.source.partition(",")[2])
    width, height, _, kind = struct.unpack(">IIBB", content[16:26])
    start = content.index(b"IDAT")
    (length,) = struct.unpack(">I", content[start - 4 : start])
    body = zlib.decompress(content[start + 4 : start + 4 + length])
    pitch = 1 + width * (1 if kind == 0 else 3)
    return [body[row * pitch + 1 : (row + 1) * pitch] for row in range(height)]


def rows_of(user, repo, split, rows):
    return split_rows(repo, commit_resolve(repo, "main"), split, rows, user=user)


def parquet(table: dict) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(table), buffer, row_group_size=2)
    return buffer.getvalue()


def test_a_picture_of_numbers_is_a_png_with_these_pixels():
    picture = picture_of_values([0.0, 1.0, 0.5, float("nan")], 1, 2, 2)
    assert png_pixels(picture) == [bytes([0, 255]), bytes([128, 0])]
    colour = picture_of_values([1.0, 0.0, 0.0], 3, 1, 1)
    assert png_pixels(colour) == [bytes([255, 0, 0])]


def test_of_a_large_picture_every_nth_pixel_is_shown():
    assert len(png_pixels(picture_of_values([0.0] * 200 * 100, 1, 200, 100))) == 50


def test_encoded_pictures_go_in_as_they_are_unless_large_or_something_else():
    assert picture_of_bytes(b"\x89PNG\r\n\x1a\nrest").source.startswith("data:image/png;base64,")
    assert picture_of_bytes(b"<svg onload=alert(1)>") == "not shown: no picture that browsers know"
    assert str(picture_of_bytes(b"\xff\xd8\xff" + b"0" * MOST_INLINE)).startswith("not shown: 25")


@pytest.mark.parametrize("rows", [[0, 2], [2], [1, 99]])
def test_rows_of_tensors_are_read_where_they_stand(alice, rows):
    images = np.arange(3 * 4, dtype=np.float32).reshape(3, 1, 2, 2) * 20 / 255
    content = save({"images": images, "labels": np.array([7, 8, 9])})
    repo = make_repo(alice, "data", type="dataset", files={"data/test.safetensors": content})
    found = rows_of(alice, repo, "test", rows)
    kept = [row for row in rows if row < 3]
    assert list(found.rows) == kept
    assert found.columns["labels"] == [7 + row for row in kept]
    expected = [bytes(round(value * 255) for value in line) for line in images[kept[0], 0]]
    assert png_pixels(found.columns["images"][0]) == expected


def test_rows_of_parquet_run_on_over_row_groups_and_files(alice):
    files = {
        "data/test-00000.parquet": parquet({"text": ["a", "b", "c"], "label": [0, 1, 0]}),
        "data/test-00001.parquet": parquet({"text": ["d", "e"], "label": [1, 1]}),
    }
    repo = make_repo(alice, "data", type="dataset", files=files)
    found = rows_of(alice, repo, "test", [0, 2, 4])
    assert found.rows == (0, 2, 4)
    assert found.columns == {"text": ["a", "c", "e"], "label": [0, 0, 1]}
    assert rows_of(alice, repo, "test", [4, 0, 4]).columns["text"] == ["a", "e"]


def test_rows_of_lines_and_of_tables_with_commas(alice):
    lines = "".join(json.dumps({"text": f"line {number}", "label": number % 2}) + "\n" for number in range(5))
    table = 'text,label\n"with, comma",no\n"over\ntwo lines",yes\n'
    files = {"test.jsonl": "\ufeff" + lines, "train.csv": table}
    repo = make_repo(alice, "data", type="dataset", files=files)
    assert rows_of(alice, repo, "test", [0, 3]).columns == {"text": ["line 0", "line 3"], "label": [0, 1]}
    assert rows_of(alice, repo, "train", [0, 1]).columns["text"] == ["with, comma", "over\ntwo lines"]


def test_pictures_in_folders_are_shown_from_their_own_addresses(alice):
    files = {"test/cat/1.png": b"\x89PNG", "test/dog/2.png": b"\x89PNG"}
    repo = make_repo(alice, "data", type="dataset", files=files)
    found = rows_of(alice, repo, "test", [0, 1])
    assert found.columns["label"] == ["cat", "dog"]
    assert found.columns["image"][1].source.endswith("/test/dog/2.png")


def test_rows_for_a_page_are_spread_over_the_split_unless_that_would_read_too_much(alice, monkeypatch):
    lines = "".join(f'{{"label": {row // 50}}}\n' for row in range(100))
    repo = make_repo(alice, "sorted", type="dataset", files={"test.jsonl": lines})
    commit = commit_resolve(repo, "main")
    for _ in range(2):
        found = spread_rows(repo, commit, "test", 4, count=100, user=alice)
        assert (found.rows, found.columns["label"]) == ((0, 25, 50, 75), [0, 0, 1, 1])
    assert spread_rows(repo, commit, "test", 4, count=-1, user=alice).rows == (0, 1, 2, 3)
    monkeypatch.setattr(split, "_TEXT_BYTES", 10)
    assert spread_rows(repo, commit, "test", 4, count=100, user=alice).rows == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"test.jsonl": "[1]\n"}, "cannot be read"),
        ({"test.jsonl": b"\xff\xfe\n"}, "cannot be read"),
        ({"test.csv": ""}, "no such rows"),
        ({"README.md": "# Nothing"}, "no split test"),
    ],
)
def test_what_cannot_be_shown_says_why(alice, files, words):
    repo = make_repo(alice, "data", type="dataset", files=files)
    assert words in rows_of(alice, repo, "test", [0]).reason


def test_a_page_never_reads_more_than_its_budget(alice, monkeypatch):
    repo = make_repo(alice, "data", type="dataset", files={"test.jsonl": json.dumps({"text": "x" * 4000}) + "\n"})
    monkeypatch.setattr(reading.BlobFile.__init__, "__defaults__", (1000,))
    assert "too large" in rows_of(alice, repo, "test", [0]).reason


def test_a_parquet_bomb_is_not_opened(alice, monkeypatch):
    from hub.pages.samples import tables

    monkeypatch.setattr(tables, "MOST_ROW_GROUP_BYTES", 10)
    repo = make_repo(alice, "data", type="dataset", files={"data/test.parquet": parquet({"text": ["a" * 100]})})
    assert "cannot be read" in rows_of(alice, repo, "test", [0]).reason


def test_equal_values_that_are_huge_when_laid_out_are_read_a_few_at_a_time(alice):
    values = pa.DictionaryArray.from_arrays(pa.array([0] * 50_000, pa.int32()), ["x" * 100_000])
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": values.cast(pa.dictionary(pa.int32(), pa.string()))}), buffer, store_schema=False)
    assert len(buffer.getvalue()) < 1_000_000
    repo = make_repo(alice, "data", type="dataset", files={"data/test.parquet": buffer.getvalue()})
    found = rows_of(alice, repo, "test", [0, 1])
    assert [len(text) for text in found.columns["text"]] == [100_000, 100_000]


@pytest.mark.parametrize("line", ["[" * 100_000, '{"a": ' * 100_000, '{"text": 1e999}'])
def test_a_line_that_is_nested_too_deep_breaks_nothing(alice, line):
    repo = make_repo(alice, "data", type="dataset", files={"test.jsonl": line + "\n"})
    found = rows_of(alice, repo, "test", [0])
    assert found.reason or found.columns


def test_examples_of_a_gated_dataset_are_for_those_with_access(alice, charlie):
    repo = make_repo(alice, "data", type="dataset", files={"test.jsonl": '{"text": "secret"}\n'})
    gate_set(user=alice, repo=repo, gated="manual", terms="")
    assert rows_of(alice, repo, "test", [0]).columns == {"text": ["secret"]}
    assert rows_of(charlie, repo, "test", [0]).columns == {}


@pytest.mark.parametrize(
    "name", ["builtin:digits", "builtin:iris", "builtin:wine", "builtin:breast-cancer", "builtin:diabetes"]
)
def test_rows_of_built_in_data_are_those_that_workers_measure_on(name):
    from workers.engine.data.builtin import builtin_split

    rows, columns = builtin_rows(name, "test")
    real = builtin_split(name, "test").take(rows)
    for column, values in columns.items():
        if column == "images":
            expected = [
                [bytes(np.rint(line * 255).astype(int).tolist()) for line in image[0]] for image in real[column]
            ]
            assert [png_pixels(picture) for picture in values] == expected
        else:
            assert list(real[column]) == values
    assert builtin_rows(name, "train") is None
