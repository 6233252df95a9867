"""`genepool verify` and `genepool gc` on a hub with known damage."""

import contextlib
import json
import os
from datetime import timedelta

import pytest
from django.utils import timezone

from hub.blobs.models import Blob, BlobGrant
from hub.blobs.services import driver
from hub.cli import main
from tests.factories.catalog import make_blob, make_commit, make_repo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on_this_hub(monkeypatch, settings, tmp_path):
    settings.STORAGE_URL = f"file://{tmp_path}/storage"
    for module in ("verify", "gc"):
        monkeypatch.setattr(f"hub.cli.{module}.hub_ready", lambda data_dir, what: contextlib.nullcontext())


def path_of(content: bytes, user):
    path = driver().local_path(make_blob(user, content).pk)
    os.chmod(path, 0o644)
    return path


def said(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


def test_a_sound_hub_is_well(alice, capsys):
    make_repo(alice, files={"a.txt": "a"})
    assert main(["verify"]) == 0
    assert "Read 2 blobs" in capsys.readouterr().out


def test_a_damaged_and_a_missing_blob_are_named_with_the_repos_they_hurt(alice, bob, capsys):
    first = make_repo(alice, "first", files={"deep/a.txt": "alpha", "b.txt": "beta"})
    make_commit(first, alice, {"b.txt": "newer"})  # beta is history now
    make_repo(bob, "second", files={"copy.txt": "alpha"})
    path_of(b"alpha", alice).write_bytes(b"ALPHA")
    path_of(b"beta", alice).unlink()
    assert main(["verify", "--json"]) == 1
    found = said(capsys)
    assert [damage["repos"] for damage in found["corrupt"]] == [["alice/first", "bob/second"]]
    assert found["corrupt"][0]["files"] == ["alice/first@main: deep/a.txt", "bob/second@main: copy.txt"]
    assert [damage["repos"] for damage in found["missing"]] == [["alice/first"]]
    assert found["missing"][0]["files"] == []
    assert main(["verify"]) == 1
    text = capsys.readouterr().out
    assert "alice/first, in its history" in text
    assert "bob/second@main: copy.txt" in text


def test_a_blob_cut_short_is_damaged(alice, capsys):
    make_repo(alice, files={"a.txt": "a longer text"})
    path = path_of(b"a longer text", alice)
    path.write_bytes(b"a longer")
    assert main(["verify", "--json"]) == 1
    assert len(said(capsys)["corrupt"]) == 1


def test_orphans_are_found_and_removed_only_when_asked(alice, capsys):
    make_repo(alice)
    stored = driver().put_stream([b"nobody's"])
    assert main(["verify", "--json"]) == 1
    assert [damage["sha256"] for damage in said(capsys)["orphans"]] == [stored.sha256]
    assert main(["gc", "--json"]) == 0
    capsys.readouterr()
    assert main(["gc", "--orphans", "--dry-run", "--json"]) == 0
    assert said(capsys)["orphans_deleted"] == 1
    assert driver().stat(stored.sha256) == 8
    assert main(["gc", "--orphans", "--json"]) == 0
    assert said(capsys)["orphan_bytes"] == 8
    assert driver().stat(stored.sha256) is None
    assert main(["verify"]) == 0


def test_a_sample_reads_so_many_and_looks_for_no_orphans(alice, capsys):
    make_repo(alice, files={f"{number}.txt": str(number) for number in range(9)})
    driver().put_stream([b"nobody's"])
    assert main(["verify", "--sample", "3", "--json"]) == 0
    assert said(capsys)["checked"] == 3


def test_gc_removes_what_waited_and_says_how_much(alice, capsys):
    make_repo(alice)
    blob = make_blob(alice, "lost bytes")
    then = timezone.now() - timedelta(days=30)
    BlobGrant.objects.filter(blob=blob).update(created_at=then)
    Blob.objects.filter(pk=blob.pk).update(created_at=then, unused_since=then)
    assert main(["gc", "--dry-run", "--json"]) == 0
    dry = said(capsys)
    assert (dry["blobs_deleted"], dry["bytes_deleted"], dry["is_dry_run"]) == (1, 10, True)
    assert Blob.objects.filter(pk=blob.pk).exists()
    assert main(["gc"]) == 0
    assert "blobs: 1 went (10 B)" in capsys.readouterr().out
    assert not Blob.objects.filter(pk=blob.pk).exists()


def test_gc_may_be_told_not_to_wait(alice, capsys):
    make_blob(alice, "lost")
    assert main(["gc", "--wait-days", "0", "--json"]) == 0
    assert said(capsys)["blobs_deleted"] == 1
