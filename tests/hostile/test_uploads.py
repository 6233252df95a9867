"""Hostile uploads over the wire: each is refused with a reason, and nothing of it can be seen afterwards."""

import hashlib

import pytest

from hub.blobs.models import BlobGrant
from hub.catalog.models import Commit, HeadEntry, Repo
from hub.catalog.selectors import commit_resolve, facts_of
from tests.factories.catalog import add, make_blob, make_commit, make_repo, weights
from tests.hostile.files import DOCUMENTS, PICKLES, SAFETENSORS
from tests.hub.cast import alice, charlie
from tests.hub.hfapi.client import Client, file_line, lfs_line

__all__ = ["alice", "charlie"]
pytestmark = pytest.mark.hostile
NAMES = ("model.safetensors", "weights.dat", "README", "data/train.safetensors")


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.STORAGE_URL = f"file://{tmp_path}/storage"


@pytest.fixture
def repo(alice) -> Repo:
    return make_repo(alice, "thing")


@pytest.fixture
def client(repo, alice) -> Client:
    return Client(alice)


def send_lfs(client: Client, user, path: str, content: bytes):
    blob = make_blob(user, content)
    return client.commit("alice/thing", [file_line("good.txt", b"good"), lfs_line(path, blob.sha256)])


def nothing_landed(repo: Repo) -> bool:
    repo.refresh_from_db()
    return (
        Commit.objects.filter(repo=repo).count() == 1
        and commit_resolve(repo, "main").oid == repo.head
        and list(HeadEntry.objects.filter(ref__repo=repo).values_list("path", flat=True)) == [".gitattributes"]
    )


@pytest.mark.parametrize("name", SAFETENSORS)
def test_bad_safetensors_headers(repo, alice, client, name):
    answer = send_lfs(client, alice, "model.safetensors", SAFETENSORS[name][1])
    assert answer.status_code == 422, answer.content
    codes = {finding["code"] for finding in answer.json()["findings"]}
    assert SAFETENSORS[name][0] in codes or "pickle_refused" in codes
    assert nothing_landed(repo)


@pytest.mark.parametrize("as_lfs", [True, False])
@pytest.mark.parametrize("name", PICKLES)
def test_pickles_under_innocent_names(repo, alice, client, name, as_lfs):
    for path in NAMES:
        if as_lfs:
            answer = send_lfs(client, alice, path, PICKLES[name])
        else:
            answer = client.commit("alice/thing", [file_line("good.txt", b"good"), file_line(path, PICKLES[name])])
        assert answer.status_code == 422, (path, answer.content)
        assert "pickle_refused" in {finding["code"] for finding in answer.json()["findings"]} or path.endswith(
            ".safetensors"
        )
    assert nothing_landed(repo)


def test_a_refused_regular_file_is_not_even_stored(repo, alice, client):
    content = PICKLES["protocol 4"]
    client.commit("alice/thing", [file_line("model.safetensors", content)])
    assert not BlobGrant.objects.filter(blob_id=hashlib.sha256(content).hexdigest()).exists()


@pytest.mark.parametrize("path", ["model.pkl", "a/b.PT", "x.bin", "x.ckpt", "x.joblib", "x.h5", "x.keras", "x.npz"])
def test_kinds_of_files_that_can_run_code(repo, alice, client, path):
    assert send_lfs(client, alice, path, b"harmless").status_code == 422
    assert nothing_landed(repo)


PATHS = {
    "climbs": "../evil", "climbs inside": "a/../../evil", "absolute": "/etc/passwd", "drive": "C:/x", "backslash": "a\\..\\b", "git": ".git/hooks/x",
    "git in capitals": "a/.GIT/x", "git with a dot": ".git./x", "git by its short name": "git~1/x", "empty part": "a//b", "here": "a/./b", "empty": "",
    "ends in a slash": "a/", "long part": "x" * 256, "long": "a/" * 600 + "x", "new line": "a\nb", "escape": "a\x1b[2Jb", "turned around": "a\u202etxt.exe",
    "not composed": "a\u0308.txt",
}  # fmt: skip


@pytest.mark.parametrize("name", PATHS)
def test_names(repo, alice, client, name):
    blob = make_blob(alice, b"x")
    lines = [file_line(PATHS[name], b"x")], [lfs_line(PATHS[name], blob.sha256)]
    for line in lines:
        assert client.commit("alice/thing", [file_line("good.txt", b"good"), *line]).status_code == 422
    assert (
        client.post("/api/models/alice/thing/preupload/main", {"files": [{"path": PATHS[name], "size": 1}]}).status_code
        == 422
    )
    assert nothing_landed(repo)


def test_names_with_a_nul(repo, client):
    assert client.commit("alice/thing", [file_line("a\0b", b"x")]).status_code == 400
    assert nothing_landed(repo)


@pytest.mark.parametrize("pair", [("a", "a/b"), ("a/b", "a"), ("a/b/c", "a/b")])
def test_a_file_and_a_folder_of_one_name(repo, client, pair):
    assert client.commit("alice/thing", [file_line(path, b"x") for path in pair]).status_code == 422
    assert nothing_landed(repo)


def test_a_name_that_collides_only_with_what_is_there(repo, alice, client):
    make_commit(repo, alice, {"a/b": "x"})
    assert client.commit("alice/thing", [file_line("a", b"x")]).status_code == 422
    assert Commit.objects.filter(repo=repo).count() == 2


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if "sources" not in name])
def test_hostile_front_matter_is_kept_as_text_and_means_nothing(repo, alice, client, name):
    """A card is prose for people: it is not refused, but nothing is read out of it."""
    text = f"---\nlicense: mit\n{DOCUMENTS[name][1]}\n---\n# A card\n"
    answer = client.commit("alice/thing", [file_line("README.md", text.encode())])
    assert answer.status_code == 200
    repo.refresh_from_db()
    assert len(str(repo.card)) < 100_000
    assert client.get("/api/models/alice/thing").status_code == 200


@pytest.mark.parametrize(
    "name", ["config.json", "adapter_config.json", "genepool.json", "tokenizer.json", "model.safetensors.index.json"]
)
@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 200_000, b'{"a":' * 50_000, b"null", b"[]", b'{"architectures": 5, "weight_map": 5, "artifact": []}',
                                     b'{"a": 1e400, "b": NaN, "c": "\\u0000", "d": "\\ud800"}', b'{"num_hidden_layers": ' + b"9" * 10_000 + b"}"])  # fmt: skip
def test_hostile_configs_break_nothing(repo, alice, client, name, content):
    """Taken or refused with a finding, never an error of ours; and what is taken can be read back."""
    answer = client.commit(
        "alice/thing",
        [
            file_line(name, content),
            lfs_line("model.safetensors", add(alice, "model.safetensors", weights()).blob.sha256),
        ],
    )
    assert answer.status_code in (200, 422)
    facts_of(commit_resolve(repo, "main"))
    assert client.get("/api/models/alice/thing").status_code == 200
    assert client.get("/api/models?full=true&cardData=true").status_code == 200


def test_claims_of_a_manifest_do_not_become_records(repo, alice, client):
    """An uploaded genepool.json may say anything: only jobs record parents."""
    import json

    secret = make_repo(alice, "parent")
    manifest = {
        "schema": 1,
        "artifact": "model",
        "kind": "merge",
        "parents": [{"repo": secret.full_name, "commit": secret.head, "relation": "merge_of"}],
    }
    client.commit("alice/thing", [file_line("genepool.json", json.dumps(manifest).encode())])
    assert not commit_resolve(repo, "main").parent_edges.filter(state="recorded").exists()


def test_a_stranger_cannot_take_private_weights_by_their_hash(alice, charlie):
    make_repo(alice, "private", files={"model.safetensors": weights(fill=9)}, visibility="private")
    sha256 = hashlib.sha256(weights(fill=9)).hexdigest()
    make_repo(charlie, "mine")
    thief = Client(charlie)
    document = {"operation": "upload", "objects": [{"oid": sha256, "size": len(weights())}]}
    offered = thief.post("/charlie/mine.git/info/lfs/objects/batch", document).json()["objects"][0]
    assert "upload" in offered["actions"], "as if nobody had it"
    assert thief.post("/charlie/mine.git/info/lfs/objects/verify", document["objects"][0]).status_code == 404
    assert thief.commit("charlie/mine", [lfs_line("model.safetensors", sha256)]).status_code == 422
    document["operation"] = "download"
    assert "error" in thief.post("/charlie/mine.git/info/lfs/objects/batch", document).json()["objects"][0]
