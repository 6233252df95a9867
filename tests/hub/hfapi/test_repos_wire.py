"""Making, describing and listing repos on the wire."""

import pytest

from hub.catalog.models import Repo
from tests.factories.catalog import card, make_commit, make_model, make_repo, weights
from tests.hub.hfapi.client import file_line


def test_whoami_says_who_and_what_the_token_may(alice, lab, as_, anonymous):
    found = as_(alice).get("/api/whoami-v2").json()
    assert (found["type"], found["name"], found["auth"]["accessToken"]["role"]) == ("user", "alice", "write")
    assert [(org["name"], org["roleInOrg"]) for org in found["orgs"]] == [("lab", "admin")]
    assert as_(alice, "read").get("/api/whoami-v2").json()["auth"]["accessToken"]["role"] == "read"
    assert anonymous.get("/api/whoami-v2").status_code == 401


@pytest.mark.parametrize(
    ("document", "visibility"),
    [
        ({}, "private"),
        ({"private": False}, "public"),
        ({"private": True}, "private"),
        ({"visibility": "public"}, "public"),
        ({"visibility": None, "private": None}, "private"),
    ],
)
def test_creates(alice, as_, document, visibility):
    answer = as_(alice).post("/api/repos/create", {"name": "new", "organization": None, **document})
    repo = Repo.objects.get()
    assert answer.json() == {"url": "http://testserver/alice/new", "name": "alice/new", "id": repo.pk.hex}
    assert repo.visibility == visibility


def test_creates_datasets_and_for_organisations(bob, lab, as_):
    answer = as_(bob).post("/api/repos/create", {"name": "data", "organization": "lab", "type": "dataset"})
    assert answer.json()["url"] == "http://testserver/datasets/lab/data"


def test_what_is_there_is_409_with_its_address(alice, as_):
    make_repo(alice, "Thing")
    answer = as_(alice).post("/api/repos/create", {"name": "thing"})
    assert (answer.status_code, answer.json()["url"]) == (409, "http://testserver/alice/Thing")


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ({}, 400), ({"name": "../evil"}, 403), ({"name": "evil\0"}, 400), ({"name": "a b"}, 400), ({"name": 5}, 400), ({"name": "x", "type": "space"}, 501),
        ({"name": "x", "type": "thing"}, 400), ({"name": "x", "visibility": "secret"}, 400), ({"name": "x", "private": "yes"}, 400),
        ({"name": "x", "organization": "charlie"}, 403), ({"name": "x", "organization": "nobody"}, 404), ({"name": "x" * 97}, 400),
    ],
)  # fmt: skip
def test_refuses_to_create(alice, charlie, as_, document, status):
    answer = as_(alice).post("/api/repos/create", document)
    assert answer.status_code == status or (status == 403 and answer.status_code == 404)
    assert not Repo.objects.exists()


def test_deletes_by_name_and_type(alice, as_):
    make_repo(alice, "thing")
    make_repo(alice, "thing", type="dataset")
    client = as_(alice)
    assert client.send("DELETE", "/api/repos/delete", {"name": "thing", "organization": "alice"}).status_code == 200
    assert [repo.type for repo in Repo.objects.all()] == ["dataset"]
    assert client.send("DELETE", "/api/repos/delete", {"name": "thing"}).headers["X-Error-Code"] == "RepoNotFound"


def test_settings_change_visibility_and_gate(alice, as_):
    repo = make_repo(alice, "thing")
    client = as_(alice)
    assert client.send("PUT", "/api/models/alice/thing/settings", {"private": True}).json()["visibility"] == "private"
    assert client.send("PUT", "/api/models/alice/thing/settings", {"visibility": "public"}).json()["private"] is False
    assert client.send("PUT", "/api/models/alice/thing/settings", {"gated": "auto"}).json()["gated"] == "auto"
    assert client.send("PUT", "/api/models/alice/thing/settings", {"gated": "sometimes"}).status_code == 400
    repo.refresh_from_db()
    assert (repo.visibility, repo.gated) == ("public", "auto")


def test_info_describes_the_head(alice, anonymous):
    repo = make_model(alice, "thing", readme=card(license="mit", pipeline_tag="image-classification", tags=["digits"]))
    found = anonymous.get("/api/models/alice/thing").json()
    expected = {
        "id": "alice/thing", "modelId": "alice/thing", "author": "alice", "sha": repo.head, "private": False, "gated": False, "disabled": False,
        "pipeline_tag": "image-classification", "library_name": "transformers", "safetensors": {"parameters": {"F32": 12}, "total": 12},
        "config": {"architectures": ["ViTForImageClassification"], "model_type": "vit"},
    }  # fmt: skip
    assert {key: found[key] for key in expected} == expected
    assert {"digits", "license:mit", "safetensors"} <= set(found["tags"])
    assert found["cardData"]["license"] == "mit"
    assert [entry["rfilename"] for entry in found["siblings"]] == [
        ".gitattributes",
        "README.md",
        "config.json",
        "model.safetensors",
    ]
    assert found["createdAt"].endswith("Z")
    assert len(found["createdAt"]) == 24


def test_info_with_blobs_and_at_a_revision(alice, anonymous):
    repo = make_model(alice, "thing")
    before = repo.head
    make_commit(repo, alice, {"x": "1"})
    found = anonymous.get(f"/api/models/alice/thing/revision/{before}?blobs=True").json()
    files = {entry["rfilename"]: entry for entry in found["siblings"]}
    assert (found["sha"], "x" in files) == (before, False)
    assert files["model.safetensors"]["lfs"]["size"] == len(weights())
    assert files["config.json"]["size"] > 0
    assert "lfs" not in files["config.json"]


def test_expand_gives_these_keys_alone(alice, anonymous):
    make_model(alice, "thing")
    assert set(anonymous.get("/api/models/alice/thing?expand=sha&expand[]=tags").json()) == {"_id", "id", "sha", "tags"}
    assert set(anonymous.get("/api/models?expand=sha&expand=cardData").json()[0]) == {"_id", "id", "sha", "cardData"}
    assert anonymous.get("/api/models/alice/thing?expand=secrets").status_code == 400


@pytest.fixture
def zoo(alice, bob):
    make_model(alice, "one", readme=card(license="mit", pipeline_tag="image-classification", tags=["x"]))
    make_model(alice, "two", fill=1, readme=card(license="mit", pipeline_tag="fill-mask", language="de"))
    make_model(bob, "three", fill=2, readme=card(license="apache-2.0", base_model="alice/one"))
    make_repo(bob, "data", type="dataset")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("author=alice", {"alice/one", "alice/two"}), ("search=ONE", {"alice/one"}), ("filter=license:mit", {"alice/one", "alice/two"}),
        ("filter=license:mit&filter=fill-mask", {"alice/two"}), ("filter=x", {"alice/one"}), ("filter=de", {"alice/two"}),
        ("pipeline_tag=fill-mask", {"alice/two"}), ("library=transformers", {"alice/one", "alice/two", "bob/three"}), ("filter=base_model:alice/one", {"bob/three"}),
        ("gated=False", {"alice/one", "alice/two", "bob/three"}), ("gated=true", set()), ("inference_provider=all", set()),
        ("num_parameters=min:1K", set()), ("num_parameters=max:1K", {"alice/one", "alice/two", "bob/three"}), ("search=%25", set()),
    ],
)  # fmt: skip
def test_lists_what_fits(zoo, anonymous, query, found):
    assert {row["id"] for row in anonymous.get(f"/api/models?{query}").json()} == found


@pytest.mark.parametrize(
    "sort",
    [
        "createdAt",
        "created_at",
        "downloads",
        "lastModified",
        "last_modified",
        "likes",
        "trendingScore",
        "trending_score",
    ],
)
def test_pages_follow_the_link(zoo, anonymous, sort):
    path, seen = f"/api/models?limit=1&sort={sort}&direction=-1", []
    while path:
        answer = anonymous.get(path)
        seen += [row["id"] for row in answer.json()]
        link = answer.headers.get("Link", "")
        assert not link or link.startswith("<http://testserver/api/models?")
        path = link.partition("<http://testserver")[2].partition(">")[0]
    assert sorted(seen) == ["alice/one", "alice/two", "bob/three"]


def test_the_newest_comes_first(zoo, anonymous):
    assert [row["id"] for row in anonymous.get("/api/models?sort=createdAt").json()] == [
        "bob/three",
        "alice/two",
        "alice/one",
    ]


def test_a_forged_host_is_in_no_link(zoo, anonymous, settings):
    settings.ALLOWED_HOSTS = ["*"]
    assert "evil" not in anonymous.get("/api/models?limit=1", headers={"host": "evil.example"}).headers["Link"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "sort=best", "cursor=forged", "colour=red", "num_parameters=many"]
)
def test_bad_listings_are_400(zoo, anonymous, query):
    assert anonymous.get(f"/api/models?{query}").status_code == 400


def test_full_and_card(zoo, anonymous):
    plain = anonymous.get("/api/models?author=bob").json()[0]
    full = anonymous.get("/api/models?author=bob&full=True&cardData=True").json()[0]
    assert "siblings" not in plain
    assert "cardData" not in plain
    assert {"sha", "author", "lastModified", "siblings"} <= set(full)
    assert full["cardData"]["base_model"] == "alice/one"


def test_a_list_page_takes_few_queries(zoo, anonymous, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        anonymous.get("/api/models")


def test_datasets_and_models_are_apart(zoo, anonymous, as_, bob):
    assert [row["id"] for row in anonymous.get("/api/datasets").json()] == ["bob/data"]
    assert as_(bob).get("/api/models/bob/data").headers["X-Error-Code"] == "RepoNotFound"
    assert anonymous.get("/api/datasets/bob/data").json()["id"] == "bob/data"
    assert anonymous.get("/datasets/bob/data/resolve/main/.gitattributes").status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/spaces/a/b", 401), ("/api/collections", 501), ("/api/jobs/x", 501), ("/api/agent-harnesses", 404),
        ("/api/nothing", 404), ("/api/spaces/a/b/runtime", 501), ("/api/models/bert", 401), ("/api/models/bob/three/discussions", 501), ("/api", 404),
    ],
)  # fmt: skip
def test_what_is_not_offered_says_so_in_json(zoo, anonymous, path, status):
    answer = anonymous.get(path)
    assert answer.status_code == status
    assert answer.json()["error"] == answer.headers["X-Error-Message"]
    assert anonymous.get("/api/spaces").json() == []


def test_xet_is_refused_with_the_way_out(zoo, alice, as_, settings):
    settings.XET_UPLOADS = False
    answer = as_(alice).get("/api/models/alice/one/xet-write-token/main")
    assert answer.status_code == 404
    assert "HF_HUB_DISABLE_XET=1" in answer.headers["X-Error-Message"]


def test_a_wrong_method_is_405(zoo, anonymous):
    answer = anonymous.send("DELETE", "/api/models/alice/one")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


@pytest.mark.parametrize(("content", "status"), [("# No front matter", 200), ("---\nlicense: mit\n---\n", 200), ("---\na: [\n---\n", 400), ("---\n- a\n---\n", 400),
                                                 ("---\na: &x [*x]\n---\n", 400), ("---\na: !!python/object:os.system x\n---\n", 400)])  # fmt: skip
def test_cards_are_looked_at(db, anonymous, content, status):
    answer = anonymous.post("/api/validate-yaml", {"content": content, "repoType": "model"})
    assert answer.status_code == status
    assert bool(answer.json()["errors"]) == (status == 400)


def test_moves_and_the_old_name_still_downloads(alice, bob, as_, anonymous):
    make_model(alice, "before")
    make_repo(alice, "taken")
    client = as_(alice)
    document = {"fromRepo": "alice/before", "toRepo": "alice/after", "type": "model"}
    assert as_(bob).post("/api/repos/move", document).status_code == 403
    assert client.post("/api/repos/move", {**document, "toRepo": "alice/taken"}).status_code == 409
    assert client.post("/api/repos/move", {**document, "fromRepo": "alice/none"}).status_code == 404
    assert client.post("/api/repos/move", document).json()["name"] == "alice/after"
    assert anonymous.get("/alice/after/resolve/main/config.json").status_code == 200
    for path in (
        "/alice/{}/resolve/main/config.json",
        "/api/models/{}",
        "/api/models/alice/{}/tree/main?recursive=true",
    ):
        path = path.replace("models/{}", "models/alice/{}")
        answer = anonymous.get(path.format("before"))
        assert (answer.status_code, answer.headers["Location"]) == (307, path.format("after"))
        assert anonymous.get(answer.headers["Location"]).status_code == 200


def test_an_old_name_is_written_to_as_it_was(alice, as_):
    make_repo(alice, "before")
    client = as_(alice)
    assert (
        client.post(
            "/api/repos/move", {"fromRepo": "alice/before", "toRepo": "alice/after", "type": "model"}
        ).status_code
        == 200
    )
    assert client.commit("alice/before", [file_line("x", b"1")]).status_code == 200
    assert client.get("/alice/after/resolve/main/x").status_code == 200


def test_an_old_name_tells_strangers_nothing(alice, charlie, as_, anonymous):
    make_repo(alice, "before", visibility="private")
    assert (
        as_(alice)
        .post("/api/repos/move", {"fromRepo": "alice/before", "toRepo": "alice/after", "type": "model"})
        .status_code
        == 200
    )
    for client, status in ((as_(charlie), 404), (anonymous, 401)):
        answer = client.get("/api/models/alice/before")
        assert (answer.status_code, "Location" in answer.headers) == (status, False)


def test_a_move_keeps_an_encoded_slash(alice, as_, anonymous):
    make_repo(alice, "before", files={"a.txt": "1"})
    client = as_(alice)
    assert client.post("/api/models/alice/before/branch/feature%2Fx", {}).status_code == 201
    client.post("/api/repos/move", {"fromRepo": "alice/before", "toRepo": "alice/after", "type": "model"})
    answer = anonymous.get("/alice/before/resolve/feature%2Fx/a.txt", RAW_URI="/alice/before/resolve/feature%2Fx/a.txt")
    assert answer.headers["Location"] == "/alice/after/resolve/feature%2Fx/a.txt"


def test_a_client_that_repeats_a_bad_token_is_asked_to_stop(db, client, settings, monkeypatch):
    from django.core.cache import cache

    from hub.core.ratelimit import Limit

    settings.RATE_LIMITS_ON = True
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    monkeypatch.setattr("hub.hfapi.endpoint.BAD_TOKENS", Limit("bad-tokens", 3, 3600))
    cache.clear()
    answers = [client.get("/api/whoami-v2", headers={"authorization": "Bearer nonsense"}).status_code for _ in range(5)]
    assert answers == [401, 401, 401, 429, 429]
