"""Where splits lie, by the names of files; what they hold, by headers, footers and first lines."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.engine.data.writing import (
    REVIEWS,
    write_csv,
    write_jsonl,
    write_parquet,
    write_picture,
    write_tensors,
)
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.engine.data.splits import open_split
from workers.planning.datasets import classes_of, files_by_split
from workers.planning.extract import extract_facts
from workers.planning.folder import folder_files
from workers.planning.parquet import ParquetError, read_footer


def folder_facts(folder: Path) -> tuple[RepoFacts, list[Finding]]:
    def read(path: str, start: int, length: int) -> bytes:
        return (folder / path).read_bytes()[start : start + length]

    return extract_facts([(path, size, "") for path, size in folder_files(folder)], read)


TABLE = pa.table(
    {
        "text": pa.array(["a", "b"], pa.large_string()), "kind": pa.array(["x", "y"]).dictionary_encode(), "small": pa.array([1, 2], pa.uint8()),
        "half": pa.array([1, 2], pa.float16()), "single": pa.array([1, 2], pa.float32()), "double": [0.5, 1.5], "whole": [1, 2], "yes": [True, False],
        "numbers": [[1.0], [2.0]], "texts": [["a"], ["b", "c"]], "fixed": pa.array([[1, 2], [3, 4]], pa.list_(pa.int32(), 2)),
        "when": pa.array([0, 1], pa.timestamp("us")), "money": pa.array([None, None], pa.decimal128(5, 2)), "deep": [[[1]], [[2]]],
        "raw": [b"a", b"b"], "pair": [{"a": 1}, {"a": 2}], "none": pa.array([None, None]),
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["data/test.safetensors", "README.md", "model.safetensors"], {"test": ("safetensors", 1)}),
        (["model.safetensors"], {}),
        (["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet", "val.jsonl"], {"train": ("parquet", 2), "validation": ("jsonl", 1)}),
        (["rows.csv"], {"train": ("csv", 1)}),
        (["dev.csv", "extra.csv"], {"validation": ("csv", 1)}),
        (["test/cat/1.png", "test/dog/2.JPG", "train/cat/3.webp"], {"train": ("images", 1), "test": ("images", 2)}),
        (["train/1.png", "car/2.png"], {"train": ("images", 2)}),
        (["test/metadata.csv", "test/cat/1.png"], {"test": ("csv", 1)}),
        ([".git/test.csv", "test.txt", "test.npz"], {}),
    ],
)  # fmt: skip
def test_names_say_where_splits_lie(paths: list[str], found: dict[str, Any]) -> None:
    assert {split: (held.format, len(held.files)) for split, held in files_by_split(paths).items()} == found


@pytest.mark.parametrize(
    ("files", "classes"),
    [
        (["test/cat/1.png", "test/dog/2.png"], ["cat", "dog"]),
        (["data/test/animals/cat/1.png"], ["cat"]),
        (["train/1.png", "car/2.png"], ["train", "car"]),
        (["test/1.png"], [""]),
        (["1.png", "images/2.png"], ["", ""]),
        (["test/train/1.png"], ["train"]),
    ],
)
def test_the_innermost_folder_is_the_class(files: list[str], classes: list[str]) -> None:
    assert classes_of(files) == classes


def test_a_footer_tells_what_reading_everything_tells(tmp_path: Path) -> None:
    write_parquet(tmp_path, TABLE)
    facts, findings = folder_facts(tmp_path)
    opened = open_split(tmp_path, "test", reference="lab/all")
    assert findings == []
    assert (facts.repo_type, facts.splits, facts.columns) == ("dataset", {"test": len(opened)}, opened.columns)
    assert set(TABLE.column_names) - set(facts.columns) == {"when", "money", "deep", "raw", "pair", "none"}


def test_first_lines_and_headers_tell_what_reading_everything_tells(tmp_path: Path) -> None:
    write_jsonl(tmp_path, [{"text": "a", "x": 1, "v": [1]}, {"text": "b", "x": 0.5, "v": [1.5]}], "train.jsonl")
    write_csv(tmp_path / "b", "name,x,y\n007,1,0.5\n008,2,\n")
    write_tensors(tmp_path / "c", {"features": np.zeros((3, 2)), "target": np.zeros(3, np.float32)})
    write_csv(tmp_path / "d", "file_name,label\n1.png,x\n", "test/metadata.csv")
    write_picture(tmp_path / "d" / "test" / "1.png", [[0]])
    for folder, split in ((tmp_path, "train"), *((tmp_path / name, "test") for name in "bcd")):
        facts, _ = folder_facts(folder)
        opened = open_split(folder, split, reference="lab/all")
        assert (facts.splits[split], dict(sorted(facts.columns.items()))) == (
            len(opened),
            dict(sorted(opened.columns.items())),
        )


def test_a_large_table_of_text_is_not_counted(tmp_path: Path) -> None:
    write_jsonl(tmp_path, [{"text": "word " * 50_000, "label": row} for row in range(8)])
    facts, _ = folder_facts(tmp_path)
    assert (facts.splits, facts.columns) == ({"test": -1}, {"text": "string", "label": "int64"})


def test_class_names_come_from_folders_footers_headers_and_the_card(tmp_path: Path) -> None:
    write_picture(tmp_path / "a" / "test" / "dog" / "1.png", np.zeros((2, 2)))
    write_picture(tmp_path / "a" / "test" / "cat" / "2.png", np.zeros((2, 2)))
    features = {
        "info": {"features": {"label": {"names": ["bad", "good"], "_type": "ClassLabel"}, "text": {"dtype": "string"}}}
    }
    noted = pa.table({"text": ["a"], "label": [1]}).replace_schema_metadata({"huggingface": json.dumps(features)})
    write_parquet(tmp_path / "b", noted)
    write_tensors(
        tmp_path / "c", {"labels": np.zeros(1, int), "features": np.zeros((1, 1))}, names='{"labels": ["x", "y"]}'
    )
    write_csv(tmp_path / "d", "text,label\na,1\n")
    card = "---\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names:\n          '1': hot\n          '0': cold\n---\n"
    (tmp_path / "d" / "README.md").write_text(card)
    found = {name: folder_facts(tmp_path / name)[0].labels for name in "abcd"}
    assert found == {"a": ("cat", "dog"), "b": ("bad", "good"), "c": ("x", "y"), "d": ("cold", "hot")}
    assert open_split(tmp_path / "b", "test", reference="b").names == {"label": ("bad", "good")}
    assert open_split(tmp_path / "d", "test", reference="d").names == {"label": ("cold", "hot")}


@pytest.mark.parametrize(
    "names", [["x" * 201], ["a\0b"], [str(place) for place in range(10_001)]], ids=["long", "nul", "many"]
)
def test_names_that_cannot_be_kept_are_left_to_who_reads_the_data(tmp_path: Path, names: list[str]) -> None:
    write_tensors(tmp_path, {"labels": np.zeros(1, int), "x" * 300: np.zeros(1)}, names=json.dumps({"labels": names}))
    facts, findings = folder_facts(tmp_path)
    assert (facts.labels, facts.columns, findings) == ((), {"labels": "int64"}, [])


def test_what_cannot_be_read_is_a_warning_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "test.parquet").write_bytes(b"PAR1 no table PAR1")
    (tmp_path / "train.csv").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "val.jsonl").write_text("[" * 100_000)
    facts, findings = folder_facts(tmp_path)
    assert facts.splits == {"train": -1, "validation": -1, "test": -1}
    assert {(finding.code, finding.severity) for finding in findings} == {("data_unreadable", "warning")}


def test_a_folder_with_a_model_is_no_dataset(tmp_path: Path) -> None:
    write_jsonl(tmp_path, REVIEWS)
    (tmp_path / "model.onnx").write_bytes(b"x")
    assert folder_facts(tmp_path)[0].repo_type == "model"


def test_tensors_at_the_top_that_are_called_like_a_split_are_data(tmp_path: Path) -> None:
    write_tensors(tmp_path, {"features": np.zeros((3, 2)), "label": np.zeros(3, int)}, "test.safetensors")
    write_tensors(tmp_path, {"features": np.zeros((5, 2)), "label": np.zeros(5, int)}, "train.safetensors")
    facts, findings = folder_facts(tmp_path)
    assert (facts.repo_type, facts.splits, facts.parameters, facts.dtype) == ("dataset", {"train": 5, "test": 3}, 0, "")
    assert findings == []
    write_tensors(tmp_path, {"weight": np.zeros((3, 2))}, "model.safetensors")
    assert folder_facts(tmp_path)[0].repo_type == "model"


def footer_of(raw: bytes) -> Any:
    return read_footer(lambda start, length: raw[start : start + length], len(raw))


def test_a_footer_of_another_library_without_notes() -> None:
    sink = io.BytesIO()
    pq.write_table(TABLE.select(["whole", "texts"]), sink, store_schema=False, row_group_size=1)
    assert (footer_of(sink.getvalue()).rows, footer_of(sink.getvalue()).columns) == (
        2, {"whole": "int64", "texts": "list<item: string>"},
    )  # fmt: skip


@given(st.binary(max_size=60), st.integers(0, 400), st.integers(0, 255))
def test_any_footer_is_survived(raw: bytes, place: int, byte: int) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), sink)
    whole = bytearray(sink.getvalue())
    whole[-9 - place % (len(whole) - 9)] = byte
    hostile = b"PAR1" + raw + len(raw).to_bytes(4, "little") + b"PAR1"
    for content in (bytes(whole), hostile):
        with contextlib.suppress(ParquetError):
            assert footer_of(content).rows >= 0


def test_a_footer_of_a_million_nothings_costs_little() -> None:
    schema = b"\x15\x02\x19\xfc" + b"\xff\xff\x7f" + b"\0" * 2**21  # version, then a list of two million empty structs
    with pytest.raises(ParquetError):
        footer_of(b"PAR1" + schema + len(schema).to_bytes(4, "little") + b"PAR1")
    deep = b"\x1c" * 10_000
    with pytest.raises(ParquetError):
        footer_of(b"PAR1" + deep + len(deep).to_bytes(4, "little") + b"PAR1")


def card(*rows: dict[str, Any]) -> str:
    return f"---\nconfigs: {json.dumps(rows)}\n---\n"


def test_the_card_lays_the_splits_out(tmp_path: Path) -> None:
    for name, count in (("en/a.csv", 1), ("en/b.csv", 2), ("fr/a.csv", 4), ("en/deep/c.csv", 8)):
        write_csv(tmp_path, "text,label\n" + "x,y\n" * count, name)
    held = {
        "config_name": "en",
        "default": True,
        "data_files": [{"split": "train", "path": "en/*.csv"}, {"split": "dev", "path": ["fr/a.csv"]}],
    }
    (tmp_path / "README.md").write_text(card({"config_name": "other", "data_files": "fr/*"}, held))
    facts, _ = folder_facts(tmp_path)
    assert facts.splits == {"train": 3, "validation": 4}
    assert facts.split_files == {"train": ("en/a.csv", "en/b.csv"), "validation": ("fr/a.csv",)}
    assert len(open_split(tmp_path, "train", reference="lab/all")) == 3
    (tmp_path / "README.md").write_text(
        card({"config_name": "all", "data_files": [{"split": "test", "path": "**/*.csv"}]})
    )
    assert folder_facts(tmp_path)[0].splits == {"test": 15}


@pytest.mark.parametrize(
    "rows",
    [
        [{"config_name": "a", "data_files": [{"split": "test", "path": "../../etc/*.csv"}]}],
        [{"config_name": "a", "data_files": [{"split": "test", "path": "/etc/a.csv"}]}],
        [{"config_name": "a", "data_files": [{"split": "test", "path": "none/*.csv"}]}],
        [{"config_name": "a", "data_files": [{"split": "test", "path": ["*" * 40]}]}],
        [{"config_name": "a", "data_files": "b.csv"}, {"config_name": "b", "data_files": "b.csv"}],
        [3, {"config_name": ["x"], "data_files": {"split": "test"}}],
    ],
)
def test_a_card_that_leads_nowhere_or_elsewhere_leaves_the_splits_to_the_names(tmp_path: Path, rows: list[Any]) -> None:
    write_csv(tmp_path, "text,label\nx,y\n", "train.csv")
    (tmp_path / "README.md").write_text(card(*rows))
    facts, _ = folder_facts(tmp_path)
    assert (facts.splits, facts.split_files) == ({"train": 1}, {})
