"""A large file in parts: a lost connection, a reload, and only what is missing is sent again.

The parts go to a store that this test plays, so that it can lose one; everything else is the hub.
"""

import hashlib
import json

import pytest

from hub.blobs.services import blob_put
from hub.catalog.selectors import commit_resolve, entry_get
from tests.e2e.test_upload import DROP
from tests.factories.catalog import weights

CHUNK = 300
FILE = weights(fill=3, tensors={"w": (300,)})
SHA = hashlib.sha256(FILE).hexdigest()
COUNT = -(-len(FILE) // CHUNK)


class Store:
    """Takes parts, gives ETags, and refuses the part in `lost` by cutting the line."""

    def __init__(self, page, user):
        self.user, self.lost, self.puts, self.parts = user, None, [], {}
        page.route("**/info/lfs/objects/batch", self.batch)
        page.route("**/parts/*", self.part)
        page.route("**/parts-complete", self.complete)

    def batch(self, route):
        header = {"chunk_size": str(CHUNK), **{f"{number:05d}": f"/parts/{number}" for number in range(1, COUNT + 1)}}
        actions = {"upload": {"href": "/parts-complete", "header": header}}
        asked = json.loads(route.request.post_data)
        assert asked["objects"] == [{"oid": SHA, "size": len(FILE)}]
        assert "multipart" in asked["transfers"]
        route.fulfill(json={"transfer": "multipart", "objects": [{"oid": SHA, "size": len(FILE), "actions": actions}]})

    def part(self, route):
        number = int(route.request.url.rpartition("/")[2])
        if number == self.lost:
            return route.abort("connectionreset")
        self.puts.append(number)
        self.parts[number] = route.request.post_data_buffer
        return route.fulfill(status=200, headers={"ETag": f'"part-{number}"'})

    def complete(self, route):
        named = [(part["partNumber"], part["etag"]) for part in json.loads(route.request.post_data)["parts"]]
        assert named == [(number, f'"part-{number}"') for number in range(1, COUNT + 1)]
        blob_put(chunks=[self.parts[number] for number in sorted(self.parts)], user=self.user, sha256=SHA)
        route.fulfill(json={})


@pytest.fixture
def page(visit, signed_in, family):
    page = visit()
    signed_in(page)
    page.goto("/dora/one/tree/main")
    page.on("dialog", lambda dialog: dialog.accept())
    return page


def drop_and_start(page) -> None:
    page.evaluate(DROP, [page.locator('[data-part="drop"]').element_handle(), [["large.safetensors", list(FILE)]]])
    page.get_by_text("1 file, ").wait_for()
    page.get_by_role("button", name="Upload and commit").click()


def landed(page, family) -> None:
    page.get_by_role("link", name="large.safetensors", exact=True).wait_for()
    assert entry_get(commit_resolve(family["one"], "main"), "large.safetensors").sha256 == SHA
    assert page.evaluate("Object.keys(localStorage)") == []
    assert page.troubles == []


def test_a_lost_part_is_sent_again(page, dora, family):
    store = Store(page, dora)
    store.lost = 3
    drop_and_start(page)
    page.get_by_text("The connection was lost. Trying again in").wait_for()
    store.lost = None
    landed(page, family)
    assert sorted(store.puts) == list(range(1, COUNT + 1))


def test_the_same_file_goes_on_after_a_reload_with_what_is_missing(page, dora, family):
    store = Store(page, dora)
    store.lost = 3
    drop_and_start(page)
    page.get_by_text("The connection was lost. Trying again in").wait_for()
    kept = "(count) => Object.values(localStorage).some((text) => Object.keys(JSON.parse(text).parts).length === count)"
    page.wait_for_function(kept, arg=COUNT - 1)
    page.reload()
    page.get_by_text("Not finished").wait_for()
    assert "large.safetensors" in page.locator('[data-part="unfinished"]').inner_text()
    sent = list(store.puts)
    store.lost = None
    drop_and_start(page)
    landed(page, family)
    assert store.puts == [*sent, 3]


def test_pausing_keeps_what_was_sent_and_cancelling_forgets_it(page, dora, family):
    store = Store(page, dora)
    store.lost = COUNT
    drop_and_start(page)
    page.get_by_text("The connection was lost. Trying again in").wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Paused. What has been sent is kept").wait_for()
    assert page.evaluate("Object.keys(localStorage).length") == 1
    page.get_by_role("button", name="Cancel").click()
    assert page.evaluate("Object.keys(localStorage).length") == 0
    assert not page.locator('[data-part="work"]').is_visible()
    assert entry_get(commit_resolve(family["one"], "main"), "large.safetensors") is None
