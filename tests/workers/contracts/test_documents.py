import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hostile.files import DOCUMENTS
from workers.contracts.documents import Document, load_document, measure, scalar_of


@pytest.mark.hostile
@pytest.mark.parametrize("name", DOCUMENTS)
def test_refuses(name: str) -> None:
    code, text = DOCUMENTS[name]
    document, findings = load_document(text)
    assert document is None
    assert code in {finding.code for finding in findings}
    assert all(finding.severity == "error" and finding.message.isprintable() for finding in findings)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-3", -3), ("0x10", 16), ("0o17", 15), ("1.5", 1.5), ("1e-3", 0.001), (".5", 0.5), ("1.", 1.0), ("true", True),
        ("False", False), ("~", None), ("", None), ("null", None), ("no", "no"), ("yes", "yes"), ("on", "on"), ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"), ("1_000", "1_000"), (".inf", math.inf), ("-.inf", -math.inf), ("demo/x", "demo/x"), ("1" + "0" * 60, 1e60),
    ],
)  # fmt: skip
def test_plain_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    assert scalar_of(text) == value
    assert type(scalar_of(text)) is type(value)


def test_reads_nan() -> None:
    assert math.isnan(scalar_of(".nan"))


def test_quoted_scalars_stay_text() -> None:
    assert load_document("a: '1'\nb: \"true\"") == ({"a": "1", "b": "true"}, [])


def test_keeps_the_line_of_every_part() -> None:
    document, _ = load_document("kind: merge\nsources:\n  - {model: a/b,\n     weight: 1}\n  - model: c/d\n")
    assert isinstance(document, Document)
    assert document.lines[("kind",)] == 1
    assert document.lines[("sources", 0, "weight")] == 4
    assert document.lines[("sources", 1, "model")] == 5


@pytest.mark.parametrize(
    "text", ['{"a": "\\ud83d\\ude00", "b": [1, 2.5, null, true]}', '{\n\t"a": "😀",\n\t"b": [1, 2.5, null, true]\n}']
)
def test_reads_json(text: str) -> None:
    document, findings = load_document(text)
    assert findings == []
    assert document == {"a": "😀", "b": [1, 2.5, None, True]}


def test_reads_bytes_with_a_mark() -> None:
    assert load_document(b"\xef\xbb\xbfkind: merge") == ({"kind": "merge"}, [])


def test_refuses_bytes_that_are_no_text() -> None:
    assert load_document(b"\xff\xfe")[1][0].code == "yaml_invalid"


def test_empty_text_is_nothing() -> None:
    assert load_document("") == (None, [])


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({"a": [0] * 30_000}, "document_too_many_nodes"),
        ({"sources": [0] * 30_000}, "too_many_sources"),
        ({"a": "x" * 2**21}, "document_too_large"),
        ({1: 2}, "yaml_invalid"),
        ({"a": object()}, "yaml_invalid"),
    ],
)
def test_measures_data_too(document: object, code: str) -> None:
    assert [finding.code for finding in measure(document)] == [code]


def test_measures_depth() -> None:
    document: object = 1
    for _ in range(30):
        document = [document]
    assert [finding.code for finding in measure(document)] == ["document_too_deep"]


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_never_raises(text: str | bytes) -> None:
    load_document(text)


@given(st.text(alphabet="[]{}:,-&*!?|>'\"#% \n\tabc01.~", max_size=80))
def test_never_raises_on_what_looks_like_yaml(text: str) -> None:
    document, findings = load_document(text)
    assert document is None or not any(finding.severity == "error" for finding in findings)


_plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=6), _plain, max_size=4))
def test_json_reads_as_it_was_written(document: dict[str, object]) -> None:
    loaded, findings = load_document(json.dumps(document))
    assert findings == []
    assert loaded == document
