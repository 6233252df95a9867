"""Likes, overviews, tags, large files and histories over the wire."""

import json

from tests.factories.catalog import card, make_commit, make_model, make_repo, weights
from tests.hub.hfapi.client import body, lfs_line


def test_likes_are_counted_once_and_listed(alice, charlie, as_, anonymous):
    make_repo(alice, "thing")
    guest = as_(charlie)
    for _ in range(2):
        assert guest.post("/api/models/alice/thing/like").status_code == 200
    assert anonymous.get("/api/models/alice/thing").json()["likes"] == 1
    assert [row["user"] for row in anonymous.get("/api/models/alice/thing/likers").json()] == ["charlie"]
    (row,) = anonymous.get("/api/users/charlie/likes").json()
    assert row["repo"] == {"name": "alice/thing", "type": "model"}
    assert guest.send("DELETE", "/api/models/alice/thing/like").status_code == 200
    assert anonymous.get("/api/models/alice/thing").json()["likes"] == 0
    assert anonymous.post("/api/models/alice/thing/like").status_code == 401
    assert as_(charlie, "read").post("/api/models/alice/thing/like").status_code == 403


def test_what_became_private_is_not_told_by_likes(alice, charlie, as_, anonymous):
    repo = make_repo(alice, "thing")
    as_(alice).post("/api/models/alice/thing/like")
    repo.visibility = "private"
    repo.save()
    assert anonymous.get("/api/users/alice/likes").json() == []
    assert as_(charlie).get("/api/users/alice/likes").json() == []
    assert len(as_(alice).get("/api/users/alice/likes").json()) == 1


def test_overviews_count_what_the_asker_sees(alice, lab, bob, as_, anonymous):
    make_repo(alice, "open")
    make_repo(alice, "closed", visibility="private")
    overview = anonymous.get("/api/users/alice/overview").json()
    assert (overview["user"], overview["numModels"], overview["orgs"]) == ("alice", 1, [])
    mine = as_(alice).get("/api/users/alice/overview").json()
    assert (mine["numModels"], [row["name"] for row in mine["orgs"]]) == (2, ["lab"])
    assert "numUsers" not in anonymous.get("/api/organizations/lab/overview").json()
    assert as_(bob).get("/api/organizations/lab/overview").json()["numUsers"] == 2
    assert anonymous.get("/api/organizations/alice/overview").status_code == 404
    assert anonymous.get("/api/users/nobody/overview").status_code == 404


def test_members_are_for_members(alice, bob, charlie, lab, as_, anonymous):
    path = "/api/organizations/lab/members"
    assert {row["user"] for row in as_(bob).get(path).json()} == {"alice", "bob"}
    assert as_(charlie).get(path).status_code == 404
    assert anonymous.get(path).status_code == 401
    assert anonymous.get("/api/users/alice/followers").json() == []


def test_storage_of_my_repos(alice, charlie, lab, as_):
    make_repo(alice, "thing", files={"a.txt": "x" * 100})
    make_repo(alice, "shared", namespace="lab", files={"a.txt": "y" * 50})
    (row,) = as_(alice).get("/api/settings/repositories").json()
    assert row["id"] == "alice/thing"
    assert row["storage"] > 100
    assert [row["id"] for row in as_(alice).get("/api/organizations/lab/settings/repositories").json()] == [
        "lab/shared"
    ]
    assert as_(charlie).get("/api/organizations/lab/settings/repositories").status_code == 404


def test_a_squash_over_the_wire(alice, charlie, as_):
    repo = make_repo(alice, "thing", files={"a.txt": "one"})
    make_commit(repo, alice, {"a.txt": "two"})
    path = "/api/models/alice/thing/super-squash/main"
    assert as_(charlie).post(path, {"message": "x"}).status_code == 403
    assert as_(alice, "read").post(path, {"message": "x"}).status_code == 403
    assert as_(alice).post(path, {"message": "Start again"}).status_code == 200
    assert [row["title"] for row in as_(alice).get("/api/models/alice/thing/commits/main").json()] == ["Start again"]
    assert (
        as_(alice).post("/api/models/alice/thing/super-squash/nowhere", {}).headers["X-Error-Code"]
        == "RevisionNotFound"
    )


def test_large_files_are_listed_and_taken_out(alice, charlie, as_):
    make_repo(alice, "thing", files={"model.safetensors": weights()})
    path = "/api/models/alice/thing/lfs-files"
    (row,) = as_(alice).get(path).json()
    assert row["filename"] == "model.safetensors"
    assert as_(charlie).get(path).status_code == 403
    wanted = {"deletions": {"sha": [row["fileOid"]], "rewriteHistory": True}}
    assert as_(charlie).post(f"{path}/batch", wanted).status_code == 403
    assert (
        as_(alice).post(f"{path}/batch", {"deletions": {"sha": [row["fileOid"]], "rewriteHistory": False}}).status_code
        == 400
    )
    assert as_(alice).post(f"{path}/batch", wanted).status_code == 200
    assert as_(alice).get(path).json() == []
    assert as_(alice).get("/alice/thing/resolve/main/model.safetensors").status_code == 404


def test_large_files_are_duplicated_by_whom_may_read_them(alice, charlie, as_):
    make_repo(alice, "open", files={"model.safetensors": weights(fill=1)})
    make_repo(alice, "closed", files={"model.safetensors": weights(fill=2)}, visibility="private")
    make_repo(charlie, "mine")
    oids = {
        name: as_(alice).get(f"/api/models/alice/{name}/lfs-files").json()[0]["fileOid"] for name in ("open", "closed")
    }
    target = {"type": "model", "name": "charlie/mine"}
    files = [{"sha256": oid, "filename": "m", "xetHash": oid} for oid in oids.values()]
    answer = as_(charlie).post("/api/models/alice/open/lfs-files/duplicate", {"target": target, "files": files}).json()
    assert [row["sha256"] for row in answer["failed"]] == [oids["closed"]]
    assert as_(charlie).commit("charlie/mine", [lfs_line("m.safetensors", oids["open"])]).status_code == 200
    elsewhere = {"target": {"type": "model", "name": "alice/open"}, "files": []}
    assert as_(charlie).post("/api/models/alice/open/lfs-files/duplicate", elsewhere).status_code == 403


def test_headers_of_all_shards_in_one_answer(alice, anonymous):
    index = {"metadata": {"total_size": 8}, "weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}}
    files = {
        "m-1.safetensors": weights(tensors={"a": (2,)}), "m-2.safetensors": weights(tensors={"b": (3, 2)}),
        "model.safetensors.index.json": json.dumps(index), "config.json": "{}",
    }  # fmt: skip
    make_repo(alice, "thing", files=files)
    path = "/api/models/alice/thing/safetensors-metadata/"
    found = anonymous.get(f"{path}model.safetensors.index.json").json()
    assert found["index"] == {"metadata": {"total_size": 8}}
    assert found["headers"]["m-2.safetensors"] == {"b": {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]}}
    assert anonymous.get(f"{path}config.json").status_code == 400
    assert anonymous.get(f"{path}nothing.json").headers["X-Error-Code"] == "EntryNotFound"


def test_tags_by_type_count_what_the_asker_sees(alice, as_, anonymous):
    make_model(
        alice, "open", readme=card(license="mit", pipeline_tag="image-classification", tags=["tiny"], language="en")
    )
    make_model(alice, "closed", readme=card(license="apache-2.0", tags=["secret-tag"]), visibility="private")
    found = anonymous.get("/api/models-tags-by-type").json()
    assert {"id": "license:mit", "label": "mit", "type": "license"} in found["license"]
    assert "tiny" in {row["id"] for row in found["other"]}
    assert "image-classification" in {row["id"] for row in found["pipeline_tag"]}
    assert "secret-tag" not in json.dumps(found)
    assert "secret-tag" in json.dumps(as_(alice).get("/api/models-tags-by-type").json())
    assert anonymous.get("/api/datasets-tags-by-type").status_code == 200


def test_the_resolve_cache_address_gives_the_same_bytes(alice, as_, anonymous):
    repo = make_repo(alice, "thing", files={"a.txt": "open"})
    assert body(anonymous.get(f"/api/resolve-cache/models/alice/thing/{repo.head}/a.txt")) == b"open"
    repo.visibility = "private"
    repo.save()
    assert anonymous.get(f"/api/resolve-cache/models/alice/thing/{repo.head}/a.txt").status_code == 401
