"""Data is somebody else's: what is broken, or made to break something, is refused with a finding and before it costs anything."""

import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

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
from workers.engine.data import lines, tables
from workers.engine.data.examples import examples_of
from workers.engine.data.splits import open_split

pytestmark = pytest.mark.hostile


def refusal(folder: Path, task: str = "", scratch: Path | None = None, **options: Any) -> str:
    def read() -> None:
        split = open_split(folder, "test", reference="lab/data", scratch=scratch)
        examples_of(split, task or "text-classification", name="lab/data", **options)

    with pytest.raises(UserError) as caught:
        read()
    [finding] = caught.value.findings
    assert finding.severity == "error"
    assert str(folder) not in finding.message
    return f"{finding.code}: {finding.message}"


def put(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder


def png_claiming(width: int, height: int) -> bytes:
    """A whole PNG of a few hundred bytes whose header claims any size."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("1.png", png_claiming(60_000, 60_000), "picture_bomb"),
        ("1.png", png_claiming(2**31 - 1, 2**31 - 1), "picture_bomb"),
        ("1.png", b"no picture", "data_unreadable"),
        ("1.jpg", b"", "data_unreadable"),
        ("1.png", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "data_unreadable"),
        ("1.webp", b"%!PS-Adobe-3.0 EPSF-3.0\n", "data_unreadable"),
        ("1.png", b"II*\x00\x08\x00\x00\x00", "data_unreadable"),
    ],
)  # fmt: skip
def test_pictures_are_looked_at_before_they_are_unpacked(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    assert refusal(put(tmp_path, f"test/cat/{name}", content)).startswith(
        f"{code}: test/cat/{name} of test of lab/data"
    )


def test_a_picture_that_was_cut_off_is_refused_when_it_is_taken(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "test" / "cat" / "1.png", np.random.RandomState(0).randint(0, 255, (64, 64)))
    path.write_bytes(path.read_bytes()[:1000])
    split = open_split(tmp_path, "test", reference="lab/data")
    with pytest.raises(UserError, match="not a picture that can be read"):
        split.take([0])


def test_a_bomb_in_a_table_is_found_with_its_row(tmp_path: Path) -> None:
    raw = io.BytesIO()
    write_picture(tmp_path / "x.png", [[0]])
    raw.write((tmp_path / "x.png").read_bytes())
    (tmp_path / "x.png").unlink()
    write_parquet(
        tmp_path,
        [{"image": {"bytes": content, "path": ""}} for content in (raw.getvalue(), png_claiming(60_000, 60_000))],
    )
    assert refusal(tmp_path).startswith("picture_bomb: Row 1 of test of lab/data")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"text": "a"}\n{"text": "\xff"}\n', "data_not_utf8: Line 2 of test.jsonl"),
        ('{"text": "a"}\n'.encode("utf-16"), "data_not_utf8: Line 1 of test.jsonl"),
        (b'{"text": "\\ud800"}\n', "data_not_utf8: Line 1"),
        (b'{"x": ' + b"[" * 200_000 + b"\n", "data_too_deep: Line 1"),
        (b'{"x": NaN}\n', "data_unreadable: Line 1 of test.jsonl of test of lab/data cannot be read: it holds NaN"),
        (b"[1, 2]\n", "data_unreadable: Line 1 of test.jsonl of test of lab/data is not a JSON object"),
        (b'{"x": 1\n', "data_unreadable: Line 1"),
        (b'{"x": ' + b"9" * 5000 + b"}\n", "data_unreadable: Line 1"),
        (b'{"x": 1}\n\n{"x": "one"}\n', "data_ragged: Line 3 of test.jsonl of test of lab/data has text in x, the rows before have whole numbers"),
        (b'{"x": {"a": 1}}\n', "data_empty: "),
    ],
)  # fmt: skip
def test_lines_that_are_no_rows_are_told_by_their_number(tmp_path: Path, content: bytes, said: str) -> None:
    assert refusal(put(tmp_path, "test.jsonl", content)).startswith(said)


def test_a_line_without_an_end_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 1000)
    assert "longer than" in refusal(put(tmp_path, "test.jsonl", b'{"x": "' + b"a" * 5000))


def test_whole_numbers_beyond_64_bits_are_numbers(tmp_path: Path) -> None:
    put(tmp_path, "test.jsonl", b'{"x": 18446744073709551616}\n{"x": 9007199254740993}\n')
    assert open_split(tmp_path, "test", reference="lab/data").take([0, 1])["x"].tolist() == [2.0**64, 2.0**53]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a,b\n1,2\n3\n", "data_ragged: Line 3 of test.csv of test of lab/data has 1 cells, the first line 2."),
        ("a,a\n1,2\n", "data_ragged: test.csv of test of lab/data has two columns called a."),
        ("a,\n1,2\n", "data_incomplete: "),
        ("", "data_incomplete: "),
        ('a,b\n"x,1\n', "data_unreadable: "),
        ("a\n" + "x" * (17 * 2**20), "data_unreadable: "),
        (",".join(map(str, range(10_001))) + "\n", "data_ragged: "),
    ],
    ids=range(7),
)  # fmt: skip
def test_cells_that_make_no_table_are_refused(tmp_path: Path, content: str, said: str) -> None:
    write_csv(tmp_path, content)
    assert refusal(tmp_path).startswith(said)


def test_text_in_another_encoding_is_refused(tmp_path: Path) -> None:
    assert refusal(put(tmp_path, "test.csv", "text\nGr\xfc\xdfe\n".encode("latin-1"))).startswith(
        "data_not_utf8: test.csv"
    )


def test_a_parquet_file_that_was_cut_off_or_never_was_one(tmp_path: Path) -> None:
    whole = write_parquet(tmp_path, REVIEWS).read_bytes()
    for content in (
        whole[:-20],
        b"PAR1" + b"\xff" * 40 + b"PAR1",
        b"",
        whole[:4] + b"\0" * (len(whole) - 8 - 400) + whole[-404:],
    ):
        put(tmp_path, "data/test.parquet", content)
        assert refusal(tmp_path).startswith("data_unreadable: data/test.parquet")


def test_files_of_one_split_have_the_same_columns(tmp_path: Path) -> None:
    write_parquet(tmp_path, [{"text": "a"}], "data/test-0.parquet")
    write_parquet(tmp_path, [{"text": 1}], "data/test-1.parquet")
    assert refusal(tmp_path).startswith(
        "data_ragged: data/test-1.parquet of test of lab/data has other columns than data/test-0.parquet."
    )


def test_a_table_that_unpacks_to_far_more_than_it_is_stored_in_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "FREE_GROWTH_BYTES", 2**20)
    write_parquet(tmp_path / "data", pa.table({"text": pa.array(["x" * 1000] * 20_000).dictionary_encode()}))
    assert refusal(tmp_path / "data", scratch=tmp_path / "scratch").startswith("data_bomb: ")
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize(
    ("tensors", "said"),
    [
        ({"images": np.full((2, 1, 2, 2), np.nan, np.float32), "labels": np.zeros(2, int)}, "data_not_finite: 2 of 2 rows of images"),
        ({"images": np.zeros((2, 1, 2, 2)), "labels": np.zeros(2, int)}, "data_shape: images in test of lab/data must be float32 in 0-1 or uint8"),
        ({"images": np.zeros((2, 2, 2), np.float32)}, "data_shape: images in test of lab/data must be [n], [n, width]"),
        ({"images": np.zeros((2, 1, 2, 2), np.float32), "labels": np.zeros(3, int)}, "data_shape: The tensors of test of lab/data have different numbers"),
        ({"images": np.zeros((0, 1, 2, 2), np.float32), "labels": np.zeros(0, int)}, "data_empty: "),
    ],
)  # fmt: skip
def test_tensors_that_are_no_examples_are_refused(tmp_path: Path, tensors: Any, said: str) -> None:
    write_tensors(tmp_path, tensors)
    assert refusal(tmp_path, "image-classification").startswith(said)


def test_a_pickle_called_safetensors_is_refused(tmp_path: Path) -> None:
    assert refusal(put(tmp_path, "data/test.safetensors", b"\x80\x04\x95" + b"x" * 100)).startswith("data_unreadable: ")


@pytest.mark.parametrize("names", ["[", '{"labels": 1}', "[" * 100_000, '{"labels": [1, 2]}'])
def test_names_in_a_header_that_make_no_sense_are_passed_over(tmp_path: Path, names: str) -> None:
    write_tensors(tmp_path, {"labels": np.zeros(1, int)}, names=names)
    assert open_split(tmp_path, "test", reference="lab/data").names == {}


@pytest.mark.parametrize(
    ("task", "rows", "said"),
    [
        ("tabular-regression", [{"x": 1.0, "target": 1.0}, {"x": None, "target": 2.0}], "data_not_finite: 1 of 2 rows of features"),
        ("tabular-regression", [{"features": [1.0], "target": 1.0}, {"features": [1.0, 2.0], "target": 2.0}], "data_ragged: "),
        ("tabular-regression", [{"x": 1.0, "target": None}, {"x": 1.0, "target": 0.5}], "data_null: 1 of 2 examples of lab/data have no target"),
        ("text-classification", [{"text": None, "label": 1}, {"text": "a", "label": 0}], "data_null: 1 of 2 examples of lab/data have no text"),
        ("text-classification", [{"text": "a", "label": -1}], "label_range: label in lab/data holds -1"),
        ("text-classification", [{"text": "a", "label": 10**9}], "label_range: "),
        ("multiple-choice", [{"question": "q", "choices": [], "label": 0}, {"question": "q", "choices": ["a"], "label": 0}], "data_null: 1 of 2"),
        ("multiple-choice", [{"question": "q", "choices": ["a"], "label": "the first"}], "label_range: "),
        ("multiple-choice", [{"question": "q", "choices": ["a", "b"], "label": 2}], "label_range: "),
    ],
)  # fmt: skip
def test_values_that_no_model_can_be_given_are_refused(tmp_path: Path, task: str, rows: Any, said: str) -> None:
    write_jsonl(tmp_path, rows)
    assert refusal(tmp_path, task).startswith(said)


def test_ragged_features_far_apart_are_found(tmp_path: Path) -> None:
    write_jsonl(tmp_path, [{"features": [1.0] * (3 if row == 2999 else 2), "target": 1.0} for row in range(3000)])
    assert refusal(tmp_path, "tabular-regression").startswith("data_ragged: ")


def test_nan_in_a_table_of_floats_is_found(tmp_path: Path) -> None:
    write_csv(tmp_path, "x,target\nnan,1\n2,2\n")
    assert refusal(tmp_path, "tabular-regression").startswith("data_not_finite: ")


def test_class_names_do_not_act_on_a_terminal(tmp_path: Path) -> None:
    write_jsonl(tmp_path, [{"text": "a", "label": "\x1b[2J"}])
    assert "\x1b" not in refusal(tmp_path, "text-classification", labels=("a", "b"))


def test_a_large_table_takes_little_memory(tmp_path: Path) -> None:
    rows = np.random.RandomState(0).rand(200_000, 8)
    write_parquet(tmp_path, pa.table({f"x{place}": rows[:, place] for place in range(8)}), row_group_size=50_000)
    pool = pa.default_memory_pool()
    before, most = pool.bytes_allocated(), pool.max_memory()
    split = open_split(tmp_path, "test", reference="lab/data")
    assert split.take([199_999])["x7"].tolist() == [rows[-1, 7]]
    assert pool.bytes_allocated() - before < 2**20  # the 12.8 MB lie in a mapped file
    assert pool.max_memory() - max(most, before) < 8 * 2**20


def test_deeply_nested_schemas_are_refused_or_left_out(tmp_path: Path) -> None:
    for depth, name in ((10, "a"), (60, "b")):
        kind: pa.DataType = pa.int64()
        for _ in range(depth):
            kind = pa.list_(kind)
        write_parquet(tmp_path / name, pa.table({"deep": pa.array([None], kind), "text": ["a"]}))
    assert open_split(tmp_path / "a", "test", reference="lab/data").columns == {"text": "string"}
    assert refusal(tmp_path / "b").startswith("data_unreadable: ")


def test_a_card_full_of_nonsense_names_nothing(tmp_path: Path) -> None:
    write_csv(tmp_path, "text,label\na,1\n")
    for info in ("1", "[1, {features: x}]", "{features: [1, {name: label, dtype: {class_label: {names: {5: a}}}}]}"):
        (tmp_path / "README.md").write_text(f"---\ndataset_info: {info}\n---\n")
        assert open_split(tmp_path, "test", reference="lab/data").names == {}, json.dumps(info)
