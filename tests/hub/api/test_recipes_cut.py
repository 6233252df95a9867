"""Merges by slices and modules over REST: the models they name are seen, refused and pinned like any other."""

import pytest

from hub.jobs.models import Job
from tests.hub.api.zoo import make_model

pytestmark = pytest.mark.django_db
CHECK, JOBS = "/api/v1/recipes/check", "/api/v1/jobs"


@pytest.fixture
def zoo(alice):
    make_model(alice, "alice/one", seed=1)
    make_model(alice, "alice/two", seed=2)
    make_model(alice, "alice/hidden", seed=3, visibility="private")


def cut(*slices):
    listed = [{"sources": [{"model": model, "layer_range": [first, end]}]} for model, first, end in slices]
    return {"merge_method": "passthrough", "slices": listed, "output": {"repo": "alice/merged"}}


STACKED = cut(("alice/one", 0, 2), ("alice/two", 1, 3))


def test_a_stack_of_layers_becomes_a_job_that_holds_every_model_at_its_commit(api_as, alice, zoo):
    answer = api_as(alice, "submit").post(JOBS, {"recipe": STACKED}, format="json")
    assert answer.status_code == 201, answer.json()
    job = Job.objects.get()
    assert [(entry.role, entry.repo.full_name) for entry in job.inputs.order_by("position")] == [
        ("source", "alice/one"), ("source", "alice/two"),
    ]  # fmt: skip
    steps = {step["name"]: step["inputs"][0] for step in job.request["plan"]["steps"]}
    assert [(steps[f"layer.{layer}.weight"]["source"], steps[f"layer.{layer}.weight"]["key"]) for layer in range(4)] == [
        (0, "layer.0.weight"), (0, "layer.1.weight"), (1, "layer.1.weight"), (1, "layer.2.weight"),
    ]  # fmt: skip


def test_the_same_cut_is_the_same_job_and_another_one_is_not(api_as, alice, zoo):
    client = api_as(alice, "submit")
    other = cut(("alice/one", 0, 2), ("alice/two", 0, 2))
    numbers = [
        client.post(JOBS, {"recipe": recipe}, format="json").json()["number"] for recipe in (STACKED, STACKED, other)
    ]
    assert numbers[0] == numbers[1] != numbers[2]


def test_a_private_model_in_a_slice_reads_like_a_missing_one(api_as, bob, alice, zoo):
    hidden, nothing = (
        api_as(bob).post(CHECK, {"recipe": cut(("alice/one", 0, 2), (model, 0, 1))}, format="json").json()
        for model in ("alice/hidden", "alice/nothing")
    )
    (mine,), (other,) = (
        [entry for entry in body["findings"] if entry["code"] == "not_found"] for body in (hidden, nothing)
    )
    assert mine["where"] == other["where"] == "slices[1].sources[0]"
    assert mine["message"].replace("hidden", "nothing") == other["message"]


def test_what_is_wrong_in_a_module_is_said_at_its_place(api_as, alice, zoo):
    modules = {"layer": {"models": [{"model": "alice/one", "parameters": {"weight": [0, 99]}}]}}
    body = api_as(alice).post(CHECK, {"recipe": {"merge_method": "linear", "modules": modules}}, format="json").json()
    places = {entry["where"] for entry in body["findings"] if entry["severity"] == "error"}
    assert "modules.layer.models[0].parameters.weight[1]" in places
