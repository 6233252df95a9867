"""What an extraction kept of a change, from its report; reports are files of repos, so anybody may have written them."""

import pytest

from hub.pages.report import _Report
from hub.pages.results.extracted import SHOWN, extracted_of

pytestmark = pytest.mark.django_db  # the cache of the pages is emptied around every test


def report(**changes):
    tensors = {
        f"layer.{number}.weight": {"form": "low_rank", "norm": 2.0, "error": number / 100, "bytes": 80, "rank": 4}
        for number in range(20)
    }
    summary = {"norm": 3.0, "error": 0.146, "size_bytes": 260_000, "ratio": 0.478, "changed": 20, "tensors": 22}
    document = {
        "kind": "extract",
        "form": "low_rank",
        "summary": summary,
        "tensors": tensors,
        "left": ["head"],
    } | changes
    return _Report.model_validate(document).model_dump(exclude_none=True)  # fmt: skip


def test_says_what_was_lost_over_all_and_where_most():
    found = extracted_of(report())
    assert (found["size"][:3], found["count"], len(found["rows"])) == ("260", 20, SHOWN)
    assert found["rows"][0].name == "layer.19.weight"
    assert found["rows"][0].form == "4 strongest directions"
    assert "14.6" in found["error"]
    assert "47.8" in found["ratio"]


def test_other_reports_and_bare_ones_show_nothing_of_it():
    assert extracted_of(report(kind="merge")) is None
    assert extracted_of(report(summary={})) is None
    assert extracted_of({}) is None
    assert extracted_of(report(tensors=None))["rows"] == []
