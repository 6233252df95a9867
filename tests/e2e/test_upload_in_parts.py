"""A large file in parts: a lost connection, a reload, and only what is missing is sent again.

Everything is the hub's own; the test cuts the line under one part.
"""

import hashlib
import re

import pytest

from hub.catalog.selectors import commit_resolve, entry_get
from tests.e2e.test_upload import DROP
from tests.factories.catalog import weights

CHUNK = 300
FILE = weights(fill=3, tensors={"w": (300,)})
SHA = hashlib.sha256(FILE).hexdigest()
COUNT = -(-len(FILE) // CHUNK)


class Line:
    """The line to the hub. Parts go through it; the part in `lost` never arrives."""

    def __init__(self, page):
        self.lost, self.puts = None, []
        page.route("**/parts/*", self.part)

    def part(self, route):
        number = int(re.search(r"/parts/(\d+)", route.request.url)[1])
        if number == self.lost:
            return route.abort("connectionreset")
        self.puts.append(number)
        return route.continue_()


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch):
    monkeypatch.setattr("hub.hfapi.views.lfs.MULTIPART_BYTES", 100)
    monkeypatch.setattr("hub.blobs.uploads.PART_BYTES", CHUNK)


@pytest.fixture
def page(visit, signed_in, family):
    page = visit()
    signed_in(page)
    page.goto("/dora/one/tree/main")
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def drop_and_start(page) -> None:
    page.locator("[data-upload]").wait_for()  # shown by its script, which listens from then on
    page.evaluate(DROP, [page.locator('[data-part="drop"]').element_handle(), [["large.safetensors", list(FILE)]]])
    page.get_by_text("1 file, ").wait_for()
    page.get_by_role("button", name="Upload and commit").click()


def landed(page, family) -> None:
    page.get_by_role("link", name="large.safetensors", exact=True).wait_for()
    assert entry_get(commit_resolve(family["one"], "main"), "large.safetensors").sha256 == SHA
    assert page.evaluate("Object.keys(localStorage)") == []
    assert page.troubles == []


def test_a_lost_part_is_sent_again(page, family):
    line = Line(page)
    line.lost = 3
    drop_and_start(page)
    page.get_by_text("The connection was lost. Trying again in").wait_for()
    line.lost = None
    landed(page, family)
    assert sorted(line.puts) == list(range(1, COUNT + 1))


def test_the_same_file_goes_on_after_a_reload_with_what_is_missing(page, family):
    line = Line(page)
    line.lost = 3
    drop_and_start(page)
    page.get_by_text("The connection was lost. Trying again in").wait_for()
    kept = "(count) => Object.values(localStorage).some((text) => Object.keys(JSON.parse(text).parts).length === count)"
    page.wait_for_function(kept, arg=COUNT - 1)
    page.reload()
    page.get_by_text("Not finished").wait_for()
    assert "large.safetensors" in page.locator('[data-part="unfinished"]').inner_text()
    sent = list(line.puts)
    line.lost = None
    drop_and_start(page)
    landed(page, family)
    assert line.puts == [*sent, 3]


def test_another_browser_sends_only_what_is_missing_too(page, visit, signed_in, family):
    """The hub knows what it has: nothing but the file is needed to go on."""
    line = Line(page)
    line.lost = COUNT
    drop_and_start(page)
    page.get_by_text("The connection was lost. Trying again in").wait_for()
    page.context.close()
    other = visit()
    signed_in(other)
    other.goto("/dora/one/tree/main")
    again = Line(other)
    drop_and_start(other)
    landed(other, family)
    assert COUNT in again.puts
    assert sorted({*line.puts, *again.puts}) == list(range(1, COUNT + 1))
    assert not {*line.puts[:2]} & {*again.puts}


def test_pausing_keeps_what_was_sent_and_cancelling_forgets_it(page, family):
    line = Line(page)
    line.lost = COUNT
    drop_and_start(page)
    page.get_by_text("The connection was lost. Trying again in").wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Paused. What has been sent is kept").wait_for()
    assert page.evaluate("Object.keys(localStorage).length") == 1
    page.get_by_role("button", name="Cancel").click()
    assert page.evaluate("Object.keys(localStorage).length") == 0
    assert not page.locator('[data-part="work"]').is_visible()
    assert entry_get(commit_resolve(family["one"], "main"), "large.safetensors") is None
