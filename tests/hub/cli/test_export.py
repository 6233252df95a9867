"""The open export holds the files under their names, and says of each version what it is."""

import contextlib
import hashlib
import json
import os

import pytest

from hub.blobs.services import driver
from hub.catalog.services import branch_create, tag_create
from hub.cli import main
from tests.factories.catalog import make_commit, make_model, make_repo

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on_this_hub(monkeypatch, settings, tmp_path):
    settings.STORAGE_URL = f"file://{tmp_path}/storage"
    monkeypatch.setattr("hub.cli.export.hub_ready", lambda data_dir, what: contextlib.nullcontext())


def test_every_ref_leads_to_a_version_with_its_files(alice, tmp_path, capsys):
    repo = make_model(alice, "model", visibility="private")
    branch_create(repo=repo, name="try/this")
    commit = make_commit(repo, alice, {"deep/er/note.txt": "tried"}, branch="try/this")
    tag_create(repo=repo, name="v1", revision="main")
    out = tmp_path / "out"
    assert main(["export", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["versions"] == 2
    place = out / "model" / "alice" / "model"
    assert (place / commit.oid / "files" / "deep" / "er" / "note.txt").read_text() == "tried"
    version = json.loads((place / commit.oid / "version.json").read_text())
    assert version["refs"] == [{"kind": "branch", "name": "try/this"}]
    for file in version["files"]:
        content = (place / commit.oid / "files" / file["path"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["size_bytes"], file["sha256"])
    about = json.loads((place / "repo.json").read_text())
    assert (about["visibility"], set(about["versions"])) == (
        "private",
        {path.name for path in place.iterdir() if path.is_dir()},
    )
    assert json.loads((out / "export.json").read_text())["repos"][0]["repo"] == "alice/model"


def test_only_the_repos_named_and_a_wrong_name_stops_it(alice, tmp_path, capsys):
    make_repo(alice, "one")
    make_repo(alice, "two")
    assert main(["export", str(tmp_path / "out"), "alice/two"]) == 0
    assert [path.name for path in (tmp_path / "out" / "model" / "alice").iterdir()] == ["two"]
    assert main(["export", str(tmp_path / "other"), "alice/three"]) == 1
    assert "no repo alice/three" in capsys.readouterr().err


def test_a_damaged_file_is_left_out_and_named(alice, tmp_path, capsys):
    repo = make_repo(alice, files={"a.txt": "alpha"})
    sha256 = hashlib.sha256(b"alpha").hexdigest()
    path = driver().local_path(sha256)
    os.chmod(path, 0o644)
    path.write_bytes(b"ALPHA")
    assert main(["export", str(tmp_path / "out")]) == 1
    assert f"a.txt ({sha256})" in capsys.readouterr().out
    repo.refresh_from_db()
    files = tmp_path / "out" / "model" / "alice" / "model" / repo.head / "files"
    assert [path.name for path in files.iterdir()] == [".gitattributes"]


def test_a_second_run_writes_only_what_is_missing(alice, tmp_path):
    repo = make_repo(alice, files={"a.txt": "alpha", "b.txt": "beta"})
    repo.refresh_from_db()
    assert main(["export", str(tmp_path / "out")]) == 0
    files = tmp_path / "out" / "model" / "alice" / "model" / repo.head / "files"
    (files / "a.txt").unlink()
    before = (files / "b.txt").stat().st_ino
    assert main(["export", str(tmp_path / "out")]) == 0
    assert (files / "a.txt").read_text() == "alpha"
    assert (files / "b.txt").stat().st_ino == before
