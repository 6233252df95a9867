"""POST /models/…/try: one input becomes a job, and is forgotten once it was answered."""

import base64
import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from PIL import Image

from hub.core.api import BODY_LIMIT_BYTES
from hub.jobs import bell
from hub.jobs.models import Job
from hub.jobs.services import job_publish
from hub.recipes.trying import tries_forget
from tests.builders import mlp_state, model_folder
from tests.factories.jobs import claim, key_of, make_repo
from workers.contracts.jobs import JobResult

pytestmark = pytest.mark.django_db
CONFIG = {
    "model_type": "bert",
    "architectures": ["BertForSequenceClassification"],
    "id2label": {"0": "bad", "1": "good"},
}
README = "---\nlicense: apache-2.0\n---\n"


@pytest.fixture(autouse=True)
def quiet_bells(monkeypatch):
    monkeypatch.setattr(bell, "_send", lambda name, args, queue: None)


@pytest.fixture
def zoo(alice, lab, tmp_path):
    def make(name, config, visibility="private"):
        folder = model_folder(tmp_path / name, mlp_state(), config=config, readme=README)
        return make_repo(alice, name, namespace="lab", visibility=visibility, folder=folder)

    make("reader", CONFIG)
    make("viewer", CONFIG | {"model_type": "vit", "architectures": ["ViTForImageClassification"]})
    make("coder", {"model_type": "own", "architectures": ["Own"], "auto_map": {"AutoModel": "own.Own"}}, "public")


def ask(client, name="reader", **body):
    return client.post(f"/api/v1/models/lab/{name}/try", {"input": {"text": "hello"}} | body, format="json")


def answered():
    """A worker takes the oldest job and answers it."""
    claimed = claim()
    result = JobResult(metrics={"answer": {"form": "classes", "classes": [{"name": "good", "confidence": 0.9}]}})
    return job_publish(**key_of(claimed), result=result, folder=Path())


def test_becomes_a_job_that_can_be_followed(api_as, alice, zoo):
    response = ask(api_as(alice))
    body = response.json()
    assert response.status_code == 202, body
    assert response["Location"] == f"/api/v1/jobs/{body['id']}"
    assert (body["kind"], body["title"], body["state"]) == ("try", "Try of lab/reader", "queued")
    job = Job.objects.get()
    assert job.request["recipe"]["input"] == {"text": "hello"}
    assert job.inputs.get().repo.full_name == "lab/reader"


def test_forgets_the_input_and_keeps_the_answer(api_as, alice, zoo):
    secret = "my grandmother's maiden name is Rossi"
    ask(api_as(alice), input={"text": secret})
    job = answered()
    job.refresh_from_db()
    assert job.metrics["answer"]["classes"][0]["name"] == "good"
    assert "Rossi" not in f"{job.recipe} {job.request} {job.metrics}"
    assert job.recipe["input"] == {"text": f"({len(secret)} characters)"}


def test_asked_again_it_gives_the_answer_that_is_there(api_as, alice, zoo):
    first = ask(api_as(alice)).json()
    answered()
    again = ask(api_as(alice))
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    assert again.json()["metrics"]["answer"]["classes"]
    assert ask(api_as(alice), force=True).status_code == 202
    assert ask(api_as(alice), input={"text": "another"}).status_code == 202


def test_what_one_asked_is_no_answer_for_another(api_as, alice, bob, zoo):
    first = ask(api_as(alice)).json()
    answered()
    other = ask(api_as(bob))
    assert other.status_code == 202
    assert other.json()["id"] != first["id"]


def test_refuses_what_needs_code_with_the_reason(api_as, charlie, zoo):
    response = ask(api_as(charlie), "coder")
    assert response.status_code == 422
    assert [finding["code"] for finding in response.json()["findings"]] == ["needs_code"]
    assert "never run here" in response.json()["findings"][0]["message"]
    assert not Job.objects.exists()


def test_tells_everything_that_is_wrong_with_the_input_at_once(api_as, alice, zoo):
    response = ask(api_as(alice), input={"text": "a" * 20_001, "colour": "red"})
    assert response.status_code == 422
    assert {finding["code"] for finding in response.json()["findings"]} == {"input_too_large", "input_unknown"}
    assert not Job.objects.exists()


def test_is_not_there_for_a_stranger(api_as, charlie, zoo):
    assert ask(api_as(charlie)).status_code == 404
    assert not Job.objects.exists()


def test_needs_the_right_to_submit(api_as, api, alice, zoo):
    assert ask(api_as(alice, "read")).status_code == 403
    assert ask(api).status_code == 401


@pytest.mark.parametrize(
    "body", [{}, {"input": "hello"}, {"input": {"text": "a"}, "colour": 1}, {"input": {"text": "a"}, "task": 7.5}]
)
def test_refuses_what_is_no_question(api_as, alice, zoo, body):
    response = api_as(alice).post("/api/v1/models/lab/reader/try", body, format="json")
    assert response.status_code in (400, 422)
    assert not Job.objects.exists()


def photograph(side):
    """Noise, which no compression makes small."""
    data = io.BytesIO()
    Image.effect_noise((side, side), 90).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


def test_takes_a_picture_that_no_other_body_could_hold(api_as, alice, zoo):
    text = photograph(1100)
    assert len(text) > BODY_LIMIT_BYTES
    response = ask(api_as(alice), "viewer", input={"image": text})
    assert response.status_code == 202, response.json()
    shown = api_as(alice).get(response["Location"])
    assert len(shown.content) < 20_000, "each look at the job carries the picture"


def test_refuses_a_body_beyond_all_pictures(api_as, alice, zoo):
    response = ask(api_as(alice), "viewer", input={"image": "A" * (8 * 2**20)})
    assert response.status_code == 413


def test_ended_tries_go_after_a_week(api_as, alice, zoo):
    ask(api_as(alice))
    job = answered()
    kept = Job.objects.get(pk=ask(api_as(alice), input={"text": "waits"}).json()["id"])
    assert tries_forget() == 0
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now() - timedelta(days=8))
    assert tries_forget() == 1
    assert list(Job.objects.all()) == [kept]
