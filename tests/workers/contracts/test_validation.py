from dataclasses import replace

import pytest
from pydantic import BaseModel, ValidationError, field_validator

from workers.contracts import shaping
from workers.contracts.complaints import Complaints
from workers.contracts.methods import Method, method_get
from workers.contracts.parsing import parse
from workers.contracts.paths import path_of, path_of_pointer, pointer_of, value_at, where_of
from workers.contracts.recipes import MergeRecipe, Source
from workers.contracts.validation import report
from workers.planning import merge


class Even(BaseModel):
    count: int

    @field_validator("count")
    @classmethod
    def is_even(cls, count: int) -> int:
        if count % 2:
            raise ValueError("it must be even")
        return count


def test_any_other_reason_is_passed_on_in_a_sentence() -> None:
    with pytest.raises(ValidationError) as caught:
        Even.model_validate({"count": 3})
    complaints = Complaints({})
    report(caught.value, Even, {"count": 3}, complaints)
    (finding,) = complaints.findings
    assert (finding.code, finding.where) == ("invalid_value", "count")
    assert finding.message == "count is 3: value error, it must be even."


def two_sources(kind: str, name: str) -> Method | None:
    row = method_get(kind, name)
    return replace(row, minimum_sources=2) if row is not None else None


def test_a_method_that_needs_more_sources_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shaping, "method_get", two_sources)
    found = parse({"kind": "merge", "method": "linear", "sources": ["a/b"]}).findings
    assert [(finding.code, finding.message) for finding in found] == [
        ("too_few_sources", "1 source is given, Linear needs 2.")
    ]


def test_the_plan_counts_sources_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "method_get", two_sources)
    result = merge.check(MergeRecipe(method="linear", sources=(Source(model="a/b"),)), {})
    assert "too_few_sources" in {finding.code for finding in result.findings}
    many = MergeRecipe(
        method="slerp", base="a/x", sources=(Source(model="a/b"), Source(model="a/c"), Source(model="a/d"))
    )
    assert "too_many_sources" in {finding.code for finding in merge.check(many, {}).findings}


@pytest.mark.parametrize("path", [(), ("a",), ("sources", 2, "density"), ("a", 0, 1, "b")])
def test_places_can_be_written_and_read(path: tuple[str | int, ...]) -> None:
    assert path_of(where_of(path)) == path
    assert path_of_pointer(pointer_of(path)) == path


def test_pointers_escape_what_json_patch_escapes() -> None:
    assert pointer_of(("a/b", "c~d")) == "/a~1b/c~0d"
    assert path_of_pointer("/a~1b/c~0d") == ("a/b", "c~d")


def test_a_place_that_is_not_there_holds_nothing() -> None:
    assert value_at({"a": [1]}, ("a", 3)) is None
    assert value_at({"a": [1]}, ("a", "x")) is None
    assert value_at({"a": [1]}, ("a", 0)) == 1
