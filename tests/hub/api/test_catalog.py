import pytest

from hub.catalog.scanning import scans_run
from tests.hub.api.zoo import make_dataset, make_model, make_repo, weights

pytestmark = pytest.mark.django_db
MODELS = "/api/v1/models"


@pytest.fixture
def zoo(alice, lab):
    make_model(alice, "alice/base")
    make_model(alice, "alice/child", seed=1, base="alice/base")
    make_model(alice, "alice/wide", width=8)
    make_model(alice, "lab/secret", seed=2, base="alice/base", visibility="private")


def _names(answer) -> set[str]:
    assert answer.status_code == 200, answer.json()
    return {row["id"] for row in answer.json()["results"]}


def test_everybody_finds_what_is_public_and_members_what_is_theirs(api, api_as, bob, charlie, zoo):
    public = {"alice/base", "alice/child", "alice/wide"}
    assert _names(api.get(MODELS)) == _names(api_as(charlie).get(MODELS)) == public
    assert _names(api_as(bob).get(MODELS)) == public | {"lab/secret"}


def test_a_list_answer_has_the_promised_shape(api, zoo):
    body = api.get(MODELS, {"limit": 2}).json()
    assert set(body) == {"results", "next", "count", "count_is_capped", "facets"}
    assert (body["count"], body["count_is_capped"]) == (3, False)
    licence = {"value": "Apache-2.0", "label": "Apache-2.0", "count": 3, "selected": False}
    assert body["facets"]["licence"] == {"label": "Licence", "values": [licence]}
    row = body["results"][0]
    assert row["task"] == "image-classification"
    assert row["architecture"] == "ViTForImageClassification"
    assert row["parameters"] > 0
    assert len(row["commit"]) == 40


def test_pages_follow_the_cursor_to_the_end(api, zoo):
    seen, cursor = [], None
    while True:
        body = api.get(MODELS, {"limit": 1, "sort": "name", **({"cursor": cursor} if cursor else {})}).json()
        seen += [row["id"] for row in body["results"]]
        cursor = body["next"]
        if cursor is None:
            break
    assert seen == ["alice/base", "alice/child", "alice/wide"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "wide"}, {"alice/wide"}),
        ({"base": "alice/base"}, {"alice/child"}),
        ({"owner": "nobody"}, set()),
        ({"params_min": "100"}, {"alice/wide"}),
        ({"params_max": "100"}, {"alice/base", "alice/child"}),
        ({"task": "image-classification", "q": "chi"}, {"alice/child"}),
        ({"q": "' | !! <-> :*"}, None),
    ],
)
def test_filters_narrow(api, zoo, query, found):
    answer = api.get(MODELS, query)
    assert answer.status_code == 200
    if found is not None:
        assert _names(answer) == found


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"sort": "random"}, {"cursor": "x"}, {"params_min": "many"}, {"fits": "big"}]
)
def test_a_filter_that_cannot_be_read_is_refused(api, query):
    answer = api.get(MODELS, query)
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_the_list_takes_a_fixed_number_of_queries(
    api, alice, zoo, django_assert_num_queries, django_assert_max_num_queries
):
    with django_assert_max_num_queries(5) as few:
        api.get(MODELS)
    for number in range(6):
        make_model(alice, f"alice/more-{number}", seed=number)
    with django_assert_num_queries(len(few.captured_queries)):
        api.get(MODELS)


def test_one_model_with_its_parts(api, zoo):
    body = api.get(f"{MODELS}/alice/child").json()
    assert body["id"] == "alice/child"
    assert body["bases"] == ["alice/base"]
    assert body["labels"] == ["a", "b"]
    assert {file["path"] for file in body["files"]} >= {"config.json", "model.safetensors", "README.md"}
    assert body["card"]["license"] == "apache-2.0"
    assert body["parameters"] == 48


def test_names_are_found_in_any_case(api, zoo):
    assert api.get(f"{MODELS}/ALICE/Child").json()["id"] == "alice/child"


@pytest.mark.parametrize("part", ["", "/tensors", "/lineage", "/compatible"])
def test_a_private_model_is_not_there_for_strangers(api, api_as, bob, charlie, zoo, part):
    missing = api.get(f"{MODELS}/alice/nothing{part}")
    for client in (api, api_as(charlie)):
        answer = client.get(f"{MODELS}/lab/secret{part}")
        assert answer.status_code == 404
        assert answer.json() == missing.json()
    assert api_as(bob).get(f"{MODELS}/lab/secret{part}").status_code == 200


def test_a_model_is_no_dataset(api, alice, zoo):
    make_dataset(alice, "alice/digits")
    assert api.get("/api/v1/datasets/alice/base").status_code == 404
    assert api.get(f"{MODELS}/alice/digits").status_code == 404


def test_tensors_say_whether_they_hold_nan(api, zoo, alice):
    content = weights()
    make_repo(alice, "alice/odd", files={"model.safetensors": content[:-4] + b"\xff" * 4})
    waiting = api.get(f"{MODELS}/alice/odd/tensors").json()
    assert (waiting["scanned"], waiting["not_finite"]) == (False, [])
    scans_run()
    done = api.get(f"{MODELS}/alice/odd/tensors").json()
    assert (done["scanned"], done["not_finite_tensors"]) == (True, 1)
    assert done["not_finite"] == [{"name": "layer.2.weight", "nan": 1, "infinite": 0}]


def test_tensors_come_in_pages(api, zoo):
    first = api.get(f"{MODELS}/alice/base/tensors", {"limit": 2}).json()
    assert (first["count"], first["parameters"], len(first["results"])) == (3, 48, 2)
    assert first["results"][0] == {
        "name": "layer.0.weight",
        "dtype": "F32",
        "shape": [4, 4],
        "elements": 16,
        "size_bytes": 64,
        "file": "model.safetensors",
    }
    second = api.get(f"{MODELS}/alice/base/tensors", {"limit": 2, "cursor": first["next"]}).json()
    assert [row["name"] for row in second["results"]] == ["layer.2.weight"]
    assert second["next"] is None
    assert api.get(f"{MODELS}/alice/child/tensors", {"cursor": first["next"]}).status_code == 400


def test_an_older_revision_is_described_by_its_own_headers(api, alice):
    from hub.blobs.services import blob_put
    from hub.catalog.operations import AddFile
    from hub.catalog.services import commit_create

    repo, first = make_model(alice, "alice/grows")
    wide = blob_put(chunks=[weights(8)], user=alice)
    second = commit_create(
        repo=repo,
        branch="main",
        user=alice,
        operations=[AddFile("model.safetensors", wide, is_lfs=True)],
        title="Wider",
    )
    assert api.get(f"{MODELS}/alice/grows").json()["parameters"] == 192
    old = api.get(f"{MODELS}/alice/grows", {"revision": first.oid}).json()
    assert (old["parameters"], old["commit"]) == (48, first.oid)
    assert api.get(f"{MODELS}/alice/grows", {"revision": second.oid[:8]}).json()["commit"] == second.oid
    assert api.get(f"{MODELS}/alice/grows", {"revision": "nothing"}).status_code == 404


def test_lineage_hides_the_name_of_what_one_may_not_see(api, api_as, bob, zoo):
    body = api.get(f"{MODELS}/alice/base/lineage").json()
    names = {node["name"] for node in body["nodes"]}
    assert "alice/child" in names
    assert "lab/secret" not in str(body)
    assert "hidden" in {node["state"] for node in body["nodes"]}
    assert "lab/secret" in str(api_as(bob).get(f"{MODELS}/alice/base/lineage").json())
    for generations in ("11", "0000011"):
        assert api.get(f"{MODELS}/alice/base/lineage", {"up": generations}).status_code == 400


def test_compatible_models_have_the_same_tensors(api, api_as, bob, alice, zoo):
    make_model(alice, "alice/other", seed=5)
    body = api.get(f"{MODELS}/alice/base/compatible", {"kind": "merge"}).json()
    assert [(row["id"], row["has_same_base"]) for row in body["results"]] == [
        ("alice/child", True),
        ("alice/other", False),
    ]
    assert "lab/secret" in _names(api_as(bob).get(f"{MODELS}/alice/base/compatible"))
    assert api.get(f"{MODELS}/alice/base/compatible", {"kind": "stitch"}).status_code == 400


def test_a_repo_without_weights_is_compatible_with_nothing(api, alice):
    make_repo(alice, "alice/notes", files={"README.md": b"# Notes\n"})
    assert api.get(f"{MODELS}/alice/notes/compatible").json()["results"] == []


def test_datasets_say_their_splits(api, alice):
    make_dataset(alice, "alice/digits", rows=7)
    assert _names(api.get("/api/v1/datasets")) == {"alice/digits"}
    assert api.get("/api/v1/datasets/alice/digits").json()["splits"] == {"test": 7}
    assert _names(api.get(MODELS)) == set()


def test_a_token_of_any_scope_may_read(api_as, alice, zoo):
    for scope in ("read", "write", "submit"):
        assert api_as(alice, scope).get(MODELS).status_code == 200
