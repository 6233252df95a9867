import io
import pickle
import struct
import unicodedata
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.files import PICKLES, entry, safetensors_bytes
from workers.planning.refusals import content_finding, path_finding

SNIFFED = 65_536


def finding_of(path: str, content: bytes):
    return content_finding(path, content[:SNIFFED], len(content), content[-SNIFFED:])


@pytest.mark.hostile
@pytest.mark.parametrize("name", PICKLES)
@pytest.mark.parametrize("path", ["model.safetensors", "README.md", "weights"])
def test_refuses_a_pickle_under_any_name(name: str, path: str) -> None:
    found = finding_of(path, PICKLES[name])
    assert found is not None
    assert (found.code, found.severity, found.where) == ("pickle_refused", "error", path)
    assert "can run code" in found.message


def test_accepts_safetensors_whose_length_field_looks_like_a_pickle() -> None:
    for length in (0x0280, 0x0380, 0x0480, 0x0580):
        raw = safetensors_bytes({"a": entry(0, 4)}, b"")[8:]
        content = struct.pack("<Q", length) + raw.ljust(length) + b"\0" * 4
        assert content[:2] in {b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"}
        assert finding_of("model.safetensors", content) is None


def test_a_pickle_with_a_brace_at_the_ninth_byte_is_still_one() -> None:
    content = b"\x80\x04\x95" + pickle.dumps({"a": 1}, 4)[3:]
    disguised = content[:8] + b"{" + content[9:]
    assert finding_of("model.safetensors", disguised) is not None


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{}", b"kind: merge\n", b"# Title\n\nSome text. And more.\n", b"cats\ndogs\n", b"R. Smith", b"2.0", b"0.", b"N.", b".",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 50, b"0120120120" * 100, b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
        b"I am a line\nand another\n", "Überschrift".encode(), b"version https://git-lfs.github.com/spec/v1\n",
    ],
)  # fmt: skip
def test_accepts_plain_files(content: bytes) -> None:
    assert finding_of("notes.txt", content) is None


def test_accepts_a_zip_of_texts() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "1,2,3\n" * 100)
    assert finding_of("tables.zip", target.getvalue()) is None


@given(st.text(max_size=300))
def test_text_is_never_taken_for_a_pickle_unless_it_is_one(text: str) -> None:
    content = text.encode("utf-8", "replace")
    found = finding_of("notes.txt", content)
    if found is not None:
        assert b"." in content  # only what reads as opcodes up to a stop can be refused


@given(st.binary(max_size=400))
def test_any_bytes_get_an_answer(content: bytes) -> None:
    finding_of("x", content)


@pytest.mark.hostile
@pytest.mark.parametrize(
    "path",
    [
        "", "/etc/passwd", "../x", "a/../../x", "a/./b", "a//b", "a/", "a\\b", "C:/x", "c:x", ".git/config", "a/.GIT/x", ".git./x", ".git /x",
        "GIT~1/x", "d/" * 32 + "x", "a\0b", "a\nb", "a\x7fb", "x" * 256, "é" * 128, "a/" * 600 + "b", "model\u202etxt.safetensors", "\ud800", "..", ".",
        unicodedata.normalize("NFD", "é.txt"),
    ],
)  # fmt: skip
def test_refuses_the_name(path: str) -> None:
    found = path_finding(path)
    assert found is not None
    assert (found.code, found.severity) == ("path_refused", "error")
    assert found.message.isprintable()
    assert found.where.isprintable()


@pytest.mark.parametrize(
    "path",
    ["model.pt", "a/B.PTH", "pytorch_model.bin", "x.ckpt", "x.pkl", "x.joblib", "x.h5", "x.keras", "x.npz", "x.pickle"],
)
def test_refuses_endings_that_carry_pickles(path: str) -> None:
    found = path_finding(path)
    assert found is not None
    assert found.code == "pickle_refused"
    assert found.repair


@pytest.mark.parametrize(
    "path",
    [
        "model.safetensors",
        "a/b/c.json",
        ".gitattributes",
        ".gitignore",
        "tokenizer.model",
        "x.npy",
        "x" * 255,
        "déjà vu.txt",
        "a.git/b",
        "..x",
        "x..y",
        "d/" * 31 + "x",
    ],
)
def test_accepts_the_name(path: str) -> None:
    assert path_finding(path) is None


@given(st.text(max_size=60))
def test_any_name_gets_an_answer(path: str) -> None:
    found = path_finding(path)
    if found is None:
        assert ".." not in path.split("/")
        assert not path.startswith("/")
