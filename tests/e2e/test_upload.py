"""Uploading from the Files tab: the browser speaks the LFS protocol itself."""

import pytest

from hub.blobs.models import Blob
from hub.catalog.models import Commit
from hub.catalog.selectors import commit_resolve, entries_of
from tests.e2e.test_accessibility import serious
from tests.factories.catalog import weights

DROP = """([target, files]) => {
  const transfer = new DataTransfer();
  for (const [name, bytes] of files) transfer.items.add(new File([Uint8Array.from(bytes)], name, { lastModified: 1 }));
  target.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def drop(page, **files: bytes) -> None:
    target = page.locator('[data-part="drop"]').element_handle()
    page.evaluate(DROP, [target, [[name.replace("__", "."), list(content)] for name, content in files.items()]])


def head(repo) -> set[str]:
    return {entry.path for entry in entries_of(commit_resolve(repo, "main")) if not entry.is_folder}


@pytest.fixture
def files_tab(visit, signed_in, family):
    page = visit()
    signed_in(page)
    page.goto("/dora/one/tree/main")
    page.locator("[data-upload]").wait_for()  # shown by its script: before that nothing listens or takes the focus
    return page


def test_files_are_dropped_and_committed(files_tab, family, axe):
    page = files_tab
    drop(page, notes__txt=b"what I found", extra__safetensors=weights(fill=7))
    page.get_by_text("2 files, ").wait_for()
    assert serious(page, axe) == []
    page.get_by_label("What changes").fill("Add notes and weights")
    page.get_by_role("button", name="Upload and commit").click()
    page.get_by_role("link", name="extra.safetensors", exact=True).wait_for()
    assert {"notes.txt", "extra.safetensors"} <= head(family["one"])
    made = commit_resolve(family["one"], "main")
    assert made.title == "Add notes and weights"
    entry = next(entry for entry in entries_of(made) if entry.path == "extra.safetensors")
    assert entry.is_lfs
    assert page.troubles == []
    assert page.evaluate("window.policyViolations") == []
    assert page.evaluate("Object.keys(localStorage)") == []


def test_what_is_refused_is_said_before_a_byte_is_sent(files_tab, family):
    page, sent = files_tab, []
    page.on(
        "request",
        lambda request: sent.append(request.url) if request.method == "PUT" or "/commit/" in request.url else None,
    )
    drop(page, model__pkl=b"\x80\x04N.", fine__txt=b"fine", config__safetensors=b"\x80\x04\x95\x00\x00N.")
    page.get_by_text("2 files cannot be taken.").wait_for()
    assert page.get_by_role("button", name="Upload and commit").is_disabled()
    assert "can run code" in page.locator('[data-state="refused"]').first.inner_text()
    page.get_by_role("button", name="Remove model.pkl").click()
    page.get_by_role("button", name="Remove config.safetensors").click()
    page.get_by_role("button", name="Upload and commit").click()
    page.get_by_role("link", name="fine.txt", exact=True).wait_for()
    assert {"fine.txt"} <= head(family["one"])
    assert "model.pkl" not in head(family["one"])
    assert not [url for url in sent if "objects" in url]


def test_files_go_to_a_new_branch_into_the_folder_one_is_in(files_tab, family):
    page = files_tab
    drop(page, notes__txt=b"one")
    page.locator("#upload-branch").select_option("")
    page.get_by_label("Name of the new branch").fill("try/this")
    page.get_by_role("button", name="Upload and commit").click()
    page.wait_for_url("**/dora/one/tree/try/this")
    assert "notes.txt" not in head(family["one"])
    assert "notes.txt" in {entry.path for entry in entries_of(commit_resolve(family["one"], "try/this"))}


def test_the_file_picker_is_reached_by_keyboard(files_tab, family, tmp_path):
    (tmp_path / "picked.txt").write_text("picked")
    page = files_tab
    page.locator('[data-part="choose-files"]').focus()
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(tmp_path / "picked.txt")
    page.get_by_text("1 file, 6 B").wait_for()
    page.locator('[data-part="start"]').focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="picked.txt", exact=True).wait_for()
    assert "picked.txt" in head(family["one"])


def test_a_hub_that_moved_on_takes_both(files_tab, family, dora):
    from tests.factories.catalog import make_commit

    page = files_tab
    drop(page, mine__txt=b"mine")
    page.get_by_text("1 file, ").wait_for()
    make_commit(family["one"], dora, {"theirs.txt": "theirs"})
    page.get_by_role("button", name="Upload and commit").click()
    page.get_by_role("link", name="mine.txt", exact=True).wait_for()
    assert {"mine.txt", "theirs.txt"} <= head(family["one"])


def test_a_lie_about_the_content_is_refused_and_nothing_committed(files_tab, family):
    """The bytes on the wire differ from what was hashed: the hub hashes them itself."""
    page = files_tab
    before = Commit.objects.count(), Blob.objects.count()
    page.route("**/info/lfs/objects/*?grant=*", lambda route: route.continue_(post_data=b"x" * len(weights(fill=8))))
    drop(page, other__safetensors=weights(fill=8))
    page.get_by_text("1 file, ").wait_for()
    page.get_by_role("button", name="Upload and commit").click()
    page.locator('[data-part="status"][data-kind="error"]').wait_for()
    assert (Commit.objects.count(), Blob.objects.count()) == before
