"""The page of an entry and its result: evidence first, parents beside the child, what was given up after every gain."""

import json

import pytest

from hub.jobs.models import Job, JobOutput
from hub.pages.layers import layers_of
from hub.pages.measured import domain_words
from tests.factories.catalog import make_commit, make_model, make_repo, weights
from tests.factories.jobs import make_job
from workers.contracts.facts import RepoFacts, TensorFact
from workers.contracts.manifests import Manifest


def text_of(browser, path, user=None):
    answer = browser(user).get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_shows_label_commands_card_and_files(browser, zoo):
    page = text_of(browser, "/alice/open")
    assert "Apache-2.0" in page
    assert "AutoModelForImageClassification" in page
    assert "Made for a test." in page
    assert "model.safetensors" in page
    assert "safe format" in page


def test_a_card_cannot_script(browser, alice):
    make_model(
        alice, "evil", readme="---\nlicense: mit\n---\n<script>alert(1)</script> ![x](https://evil.example/p.gif)"
    )
    page = text_of(browser, "/alice/evil").split("<main")[1]
    assert "<script" not in page
    assert "<img" not in page


def test_an_entry_without_a_card_says_so(browser, alice):
    make_repo(alice, "bare", files={"model.safetensors": weights()})
    assert "This entry has no card." in text_of(browser, "/alice/bare")


def test_the_gain_is_followed_by_what_was_given_up(browser, measured_family):
    page = text_of(browser, "/alice/merged")
    assert "beats its best parent by 20.0 points" in page
    gain, loss = (
        page.index("mean accuracy over 2 datasets"),
        page.index("What it gives up: \u221210.0 on a to digits-rotated"),
    )
    assert gain < loss
    assert "one seed, 200 test images of 2 datasets, counted as different ones" in page
    assert "Over these images that is more than chance." in page
    assert "Each model was trained once (one seed): trained again, the difference may be another." in page


def test_parents_stand_beside_the_child_in_grey(browser, measured_family):
    page = text_of(browser, "/alice/merged/evaluations")
    assert page.index('<tr class="child">') < page.index('<tr class="parent">') < page.index('<tr class="base parent">')
    assert "digits-rotated" in page


def test_a_parent_that_may_not_be_seen_is_counted_not_named(browser, alice, charlie, measured_family):
    measured_family["noisy"].visibility = "private"
    measured_family["noisy"].save()
    page = text_of(browser, "/alice/merged/evaluations", charlie)
    assert "digits-noisy" not in page
    assert "1 parent you may not see is left out." in page
    assert "digits-noisy" in text_of(browser, "/alice/merged/evaluations", alice)
    lineage = text_of(browser, "/alice/merged/lineage", charlie)
    assert "digits-noisy" not in lineage
    assert "not visible" in lineage


def test_evaluations_come_as_csv(browser, measured_family):
    answer = browser().get("/alice/merged/evaluations.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = answer.content.decode().splitlines()
    assert rows[0] == "Model,a,b,mean,from,to"
    assert rows[1].startswith("alice/merged,85.0,90.0,87.5,")


def test_an_unmeasured_entry_offers_to_measure_it(browser, zoo):
    assert "Nothing has been measured of these weights" in text_of(browser, "/alice/open/evaluations")
    assert browser().get("/alice/open/evaluations.csv").status_code == 404


def test_the_first_page_shows_the_measured_merge_only_when_a_job_made_it(browser, measured_family):
    assert "No merge has been measured yet" in text_of(browser, "/")


@pytest.fixture
def made(alice):
    """An entry with the report and manifest a merge leaves."""
    tensor = {
        "norms": [0.2, 0.4],
        "norm": 0.3,
        "cosines": [0.5, 0.5],
        "kept": [0.5, 0.5],
        "agreement": 0.75,
        "bad_results": 0,
    }
    report = {
        "schema": 1, "kind": "merge", "method": "ties", "vectors": ["alice/a", "alice/b"], "relative_to": "base",
        "tensors": {"layer.0.weight": tensor}, "copied": ["layer.bias"], "dropped": [{"model": "alice/a", "tensor": "extra"}], "findings": [],
        "inputs": [{"role": "base", "repo": "alice/base"}, {"role": "source", "repo": "alice/a"}],
        "cost": {"wall_s": 1.5, "cpu_s": 1.0, "peak_memory_bytes": 29_000_000, "read_bytes": 4_840_000, "written_bytes": 1_210_000},
    }  # fmt: skip
    repo = make_repo(alice, "made")
    files = {
        "model.safetensors": weights(tensors={"layer.0.weight": (4, 4), "layer.bias": (4,)}),
        "report.json": json.dumps(report),
    }
    recipe = {"kind": "merge", "method": "ties", "base": "alice/base", "sources": [{"model": "alice/a"}]}
    make_commit(
        repo,
        alice,
        files,
        manifest=Manifest(artifact="model", kind="merge", method="ties", recipe=recipe, tensor_digest="c" * 64),
    )
    return repo


def test_a_result_accounts_for_every_tensor_and_shows_its_receipt(browser, made):
    page = text_of(browser, "/alice/made/result")
    assert "1 merged" in page
    assert "1 copied" in page
    assert "1 dropped" in page
    assert "extra" in page
    assert "4.84\u00a0MB" in page
    assert "method: ties" in page
    assert "Block 0 moved most" in page


def test_a_strangers_result_page_offers_no_job(browser, charlie, made):
    assert "/reproduce" not in text_of(browser, "/alice/made/result", charlie)


def test_layers_come_as_csv(browser, made):
    assert browser().get("/alice/made/result/layers.csv").content.decode().splitlines()[0] == "Layer,a,b,sign agreement"


@pytest.mark.parametrize("report", ["", "[]", "{", '{"tensors": {}}', '{"vectors": ["a"], "tensors": {"x": {}}}'])
def test_a_broken_report_breaks_no_page(browser, alice, made, report):
    make_commit(made, alice, {"report.json": report or " "}, manifest=Manifest(artifact="model", kind="merge"))
    assert browser().get("/alice/made/result").status_code == 200


def test_an_entry_that_no_job_made_has_no_result(browser, zoo):
    assert browser().get("/alice/open/result").status_code == 404


def test_layers_of_any_size_can_be_compared():
    """The same change per value gives the same figure, however many values a layer has."""
    facts = RepoFacts(tensors={
        "layer.0.weight": TensorFact(dtype="F32", shape=(10, 10), file="m", begin=0, end=400),
        "layer.1.weight": TensorFact(dtype="F32", shape=(2, 2), file="m", begin=400, end=416),
    })  # fmt: skip
    report = {
        "vectors": ["a"],
        "tensors": {"layer.0.weight": {"norms": [0.01 * 10]}, "layer.1.weight": {"norms": [0.01 * 2]}},
    }
    first, second = layers_of(report, facts)
    assert first.values[0] == pytest.approx(10.0)
    assert second.values[0] == pytest.approx(10.0)
    assert first.agreement is None


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["demo/digits-clean", "demo/digits-noisy"], ["clean", "noisy"]), (["demo/digits"], ["digits"]), (["a/x", "b/y"], ["x", "y"]),
        (["demo/digits", "demo/digits-noisy"], ["digits", "digits-noisy"]),
    ],
)  # fmt: skip
def test_domains_are_named_without_what_they_share(names, words):
    assert domain_words(names) == words


def test_folders_branches_with_slashes_and_old_commits_can_be_browsed(browser, alice, zoo):
    repo = zoo["open"]
    commit = make_commit(repo, alice, {"sub/deep/a.txt": "hello", "sub/b.json": "{}"})
    from hub.catalog.services import branch_create

    branch_create(repo=repo, name="feature/x", start=commit)
    assert "deep" in text_of(browser, "/alice/open/tree/main/sub")
    assert "a.txt" in text_of(browser, "/alice/open/tree/feature/x/sub/deep")
    assert "hello" in text_of(browser, f"/alice/open/blob/{commit.oid}/sub/deep/a.txt")
    assert "hello" in text_of(browser, f"/alice/open/blob/{commit.oid[:9]}/sub/deep/a.txt")


@pytest.mark.parametrize(
    "path",
    [
        "/tree/nothing",
        "/tree/main/nothing",
        "/blob/main",
        "/blob/main/nothing",
        "/blob/main/../../../etc/passwd",
        "/tree/main/%2e%2e",
    ],
)
def test_what_is_not_there_is_not_found(browser, zoo, path):
    assert browser().get(f"/alice/open{path}").status_code == 404


def test_a_binary_file_is_not_shown_as_text(browser, alice, zoo):
    make_commit(zoo["open"], alice, {"data.txt": b"\x00\x01" * 10})
    assert "This file is not text" in text_of(browser, "/alice/open/blob/main/data.txt")


def test_a_file_is_shown_as_text_not_as_markup(browser, alice, zoo):
    make_commit(zoo["open"], alice, {"x.html": "<script>alert(1)</script>"})
    assert "<script>alert(1)" not in text_of(browser, "/alice/open/blob/main/x.html")


def test_tensors_are_found_by_name(browser, zoo):
    page = text_of(browser, "/alice/open/tensors?q=bias")
    assert "layer.bias" in page
    assert "layer.weight" not in page


def test_a_dataset_has_a_page_of_its_own(browser, alice):
    make_repo(alice, "rows", type="dataset", files={"README.md": "# Rows\n\nSome rows."})
    assert "Some rows." in text_of(browser, "/datasets/alice/rows")
    assert browser().get("/alice/rows").status_code == 404


def test_a_card_that_opens_with_the_entrys_name_does_not_say_it_twice(browser, alice):
    make_model(alice, "named", readme="---\nlicense: mit\n---\n\n# named\n\nIt reads digits.\n\n## Limits\n")
    make_model(alice, "titled", readme="---\nlicense: mit\n---\n\n# Digits, read\n\nIt reads digits.\n")
    assert ">named</h" not in text_of(browser, "/alice/named").split('class="prose')[1]
    assert ">Digits, read</h" in text_of(browser, "/alice/titled").split('class="prose')[1]


def test_a_result_waiting_to_be_measured_names_the_job_that_will(browser, alice, made):
    job = make_job(alice)
    Job.objects.filter(pk=job.pk).update(tensor_digest="c" * 64)
    JobOutput.objects.create(job=job, role="result", repo=made)
    assert "measures it beside its parents" not in text_of(browser, "/alice/made/result", alice)
    follower = make_job(alice, kind="evaluate", parent=job)
    assert f"Job {follower.number}</a> measures it beside its parents" in text_of(browser, "/alice/made/result", alice)


def test_an_onnx_file_is_opened_with_onnxruntime(browser, alice):
    make_repo(
        alice, "table", files={"model.onnx": b"\x08\x07" + bytes(64), "README.md": "---\nlicense: mit\n---\n# Wines\n"}
    )
    page = text_of(browser, "/alice/table")
    assert "onnxruntime.InferenceSession(" in page
    assert "model.onnx" in page
