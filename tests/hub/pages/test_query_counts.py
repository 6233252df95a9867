"""At most twelve queries a page: an alarm for one query per row."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.catalog import make_model
from tests.factories.jobs import make_job

MOST = 12


def queries(client, path: str) -> int:
    client.get(path)  # what every page shares is cached for seconds: the status line, comparisons
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(path).status_code == 200
    return len([query for query in captured if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))])


@pytest.fixture
def crowd(alice, zoo, measured_family):
    for number in range(8):
        make_model(alice, f"more-{number}", fill=number + 10)
        make_job(alice, title=f"Job {number}")


@pytest.mark.parametrize(
    "path",
    ["/", "/models", "/models?q=more&licence=Apache-2.0", "/datasets", "/alice", "/alice/open", "/alice/open/tree/main", "/alice/open/blob/main/README.md", "/alice/open/commits", "/alice/open/tensors",
     "/alice/open/lineage", "/alice/merged", "/alice/merged/evaluations", "/alice/merged/result", "/jobs", "/make", "/make/merge", "/settings", "/docs/methods"],
)  # fmt: skip
def test_a_page_asks_at_most_twelve_questions(browser, alice, crowd, path):
    assert queries(browser(alice), path) <= MOST


def test_a_longer_list_asks_no_more(browser, alice, crowd):
    client = browser(alice)
    before = queries(client, "/models")
    for number in range(5):
        make_model(alice, f"extra-{number}", fill=number + 40)
    assert queries(client, "/models") == before
