import uuid

import pytest

from hub.blobs.services import blob_put
from hub.jobs.models import Job, JobEvent, JobLog, JobOutput
from hub.jobs.states import State
from tests.hub.api.zoo import make_model

pytestmark = pytest.mark.django_db
JOBS = "/api/v1/jobs"


def make_job(owner, **columns) -> Job:
    defaults = {
        "kind": "merge",
        "method": "ties",
        "title": "A merge",
        "recipe": {"kind": "merge"},
        "request": {},
        "request_hash": "0" * 64,
    }
    job = Job.objects.create(owner=owner, **(defaults | columns))
    job.refresh_from_db()
    return job


def test_a_job_has_the_promised_keys(api_as, alice):
    job = make_job(alice, progress={"done": 2, "total": 5, "unit": "tensors", "message": "merging"})
    body = api_as(alice).get(f"{JOBS}/{job.pk}").json()
    assert {"id", "url", "kind", "state", "attempt", "progress", "queue", "result", "error", "cost"} <= set(body)
    assert body["progress"] == {"done": 2, "total": 5, "unit": "tensors", "message": "merging", "steps": []}
    assert api_as(alice).get(f"{JOBS}/{job.number}").json()["id"] == body["id"]


def test_a_waiting_job_is_queued_outside(api_as, alice):
    make_job(alice, state=State.WAITING)
    assert api_as(alice).get(JOBS).json()["results"][0]["state"] == "queued"
    assert len(api_as(alice).get(JOBS, {"state": "queued"}).json()["results"]) == 1


def test_a_failed_job_says_why(api_as, alice, root):
    error = {"code": "user_error", "message": "The shapes differ.", "findings": []}
    job = make_job(alice, state=State.FAILED, error=error, traceback="Traceback …")
    assert api_as(alice).get(f"{JOBS}/{job.pk}").json()["error"] == error
    assert "traceback" not in api_as(alice).get(f"{JOBS}/{job.pk}").json()
    assert api_as(root).get(f"{JOBS}/{job.pk}").json()["traceback"] == "Traceback …"


@pytest.mark.parametrize("part", ["", "/events", "/log", "/outputs", "/files/report.json"])
def test_somebody_elses_job_is_not_there(api_as, alice, charlie, root, part):
    job = make_job(alice)
    missing = api_as(charlie).get(f"{JOBS}/{uuid.uuid4()}{part}")
    answer = api_as(charlie).get(f"{JOBS}/{job.pk}{part}")
    assert answer.status_code == 404
    assert answer.json() == missing.json()
    assert api_as(charlie).get(JOBS).json()["results"] == []
    assert len(api_as(root).get(JOBS).json()["results"]) == 1


@pytest.mark.parametrize("ident", ["nonsense", "0", "99999999999999999999999", "%2e%2e", "-1"])
def test_an_id_that_is_none_is_not_found(api_as, alice, ident):
    assert api_as(alice).get(f"{JOBS}/{ident}").status_code == 404


def test_the_list_filters_and_pages(api_as, alice):
    for number in range(3):
        make_job(alice, title=f"job {number}")
    make_job(alice, kind="evaluate", state=State.SUCCEEDED)
    client = api_as(alice)
    assert [row["title"] for row in client.get(JOBS, {"kind": "merge"}).json()["results"]] == [
        "job 2",
        "job 1",
        "job 0",
    ]
    assert len(client.get(JOBS, {"state": "succeeded"}).json()["results"]) == 1
    first = client.get(JOBS, {"limit": 3}).json()
    second = client.get(JOBS, {"limit": 3, "cursor": first["next"]}).json()
    assert len(first["results"]) + len(second["results"]) == 4
    assert second["next"] is None
    assert client.get(JOBS, {"state": "claimed"}).status_code == 400


def test_places_in_line_are_told(api_as, alice):
    first, second = make_job(alice), make_job(alice)
    places = {row["number"]: row["queue"]["position"] for row in api_as(alice).get(JOBS).json()["results"]}
    assert places == {first.number: 1, second.number: 2}


def test_the_list_takes_a_fixed_number_of_queries(
    api_as, alice, django_assert_num_queries, django_assert_max_num_queries
):
    repo, commit = make_model(alice, "alice/result")

    def add():
        job = make_job(alice, state=State.SUCCEEDED)
        JobOutput.objects.create(job=job, repo=repo, commit=commit)
        make_job(alice)

    add()
    client = api_as(alice)
    client.get(JOBS)
    with django_assert_max_num_queries(6) as few:
        client.get(JOBS)
    for _ in range(5):
        add()
    with django_assert_num_queries(len(few.captured_queries)):
        body = client.get(JOBS).json()
    assert body["results"][-1]["result"] == {"repo": "alice/result", "commit": commit.oid}


def test_events_are_followed_from_where_one_was(api_as, alice):
    job = make_job(alice, state=State.SUCCEEDED)
    rows = [
        JobEvent.objects.create(job=job, attempt=1, type="state", data={"state": state})
        for state in ("queued", "running", "succeeded")
    ]
    client = api_as(alice)
    first = client.get(f"{JOBS}/{job.pk}/events", {"limit": 2}).json()
    assert [event["data"]["state"] for event in first["results"]] == ["queued", "running"]
    rest = client.get(f"{JOBS}/{job.pk}/events", {"after": first["after"]}).json()
    assert [event["id"] for event in rest["results"]] == [rows[2].pk]
    assert client.get(f"{JOBS}/{job.pk}/events", {"after": rest["after"]}).json() == {
        "results": [],
        "after": rest["after"],
        "state": "succeeded",
    }


@pytest.mark.parametrize("query", [{"after": "x"}, {"after": "-1"}, {"limit": "0"}, {"limit": "1001"}])
def test_a_place_that_is_no_number_is_refused(api_as, alice, query):
    job = make_job(alice)
    assert api_as(alice).get(f"{JOBS}/{job.pk}/events", query).status_code == 400


def test_the_log_comes_in_order(api_as, alice):
    job = make_job(alice)
    for message in ("one", "two"):
        JobLog.objects.create(job=job, attempt=1, level="warning", message=message)
    lines = api_as(alice).get(f"{JOBS}/{job.pk}/log").json()["results"]
    assert [(line["level"], line["message"]) for line in lines] == [("warning", "one"), ("warning", "two")]


def test_cancelling_a_queued_job_ends_it_and_once_is_enough(api_as, alice):
    job = make_job(alice)
    client = api_as(alice, "submit")
    assert client.post(f"{JOBS}/{job.pk}/cancel").json()["state"] == "cancelled"
    assert client.post(f"{JOBS}/{job.pk}/cancel").status_code == 409


def test_a_stranger_cannot_cancel_or_retry(api_as, alice, charlie):
    job = make_job(alice)
    for deed in ("cancel", "retry"):
        assert api_as(charlie).post(f"{JOBS}/{job.pk}/{deed}").status_code == 404
        assert api_as(alice, "read").post(f"{JOBS}/{job.pk}/{deed}").status_code == 403
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_retrying_queues_the_same_job_again(api_as, alice):
    job = make_job(alice, state=State.FAILED)
    answer = api_as(alice).post(f"{JOBS}/{job.pk}/retry")
    assert (answer.status_code, answer.json()["id"], answer.json()["state"]) == (200, str(job.pk), "queued")
    assert api_as(alice).post(f"{JOBS}/{job.pk}/retry").status_code == 409


def test_reproducing_needs_weights_to_compare_with(api_as, alice):
    job = make_job(alice, state=State.SUCCEEDED)
    assert api_as(alice).post(f"{JOBS}/{job.pk}/retry", {"reproduce": True}, format="json").status_code == 409
    assert api_as(alice).post(f"{JOBS}/{job.pk}/retry", {"reprodce": True}, format="json").status_code == 400


def test_outputs_are_listed_and_files_come_as_downloads(api_as, alice):
    job = make_job(alice, kind="evaluate", state=State.SUCCEEDED)
    blob = blob_put(chunks=[b"<script>1</script>"], user=alice)
    JobOutput.objects.create(job=job, role="file", position=0, blob=blob, path="predictions/0-0.parquet")
    row = api_as(alice).get(f"{JOBS}/{job.pk}/outputs").json()["results"][0]
    assert (row["path"], row["size_bytes"]) == ("predictions/0-0.parquet", 18)
    answer = api_as(alice).get(f"{JOBS}/{job.pk}/files/predictions/0-0.parquet")
    assert b"".join(answer.streaming_content) == b"<script>1</script>"
    assert answer["Content-Disposition"] == "attachment"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert api_as(alice).get(f"{JOBS}/{job.pk}/files/../../etc/passwd").status_code == 404


def test_a_result_in_a_repo_one_may_no_longer_see_is_left_out(api_as, alice, bob):
    repo, commit = make_model(bob, "bob/secret", visibility="private")
    job = make_job(alice, state=State.SUCCEEDED)
    JobOutput.objects.create(job=job, repo=repo, commit=commit)
    assert api_as(alice).get(f"{JOBS}/{job.pk}/outputs").json()["results"] == []


def test_webhooks_are_made_listed_and_deleted(api_as, alice, bob, settings):
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    client = api_as(alice)
    made = client.post("/api/v1/webhooks", {"url": "http://127.0.0.1:9/hook"}, format="json")
    assert made.status_code == 201
    assert len(made.json()["secret"]) >= 32
    assert "secret" not in client.get("/api/v1/webhooks").json()["results"][0]
    address = f"/api/v1/webhooks/{made.json()['id']}"
    assert api_as(bob).delete(address).status_code == 404
    assert client.delete(address).status_code == 204
    assert client.get("/api/v1/webhooks").json()["results"] == []


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/hook", "http://169.254.169.254/", "ftp://example.org/", "nonsense", "http://a:b@example.org/"],
)
def test_a_webhook_into_our_own_network_is_refused(api_as, alice, settings, url):
    settings.WEBHOOK_HOSTS = []
    assert api_as(alice).post("/api/v1/webhooks", {"url": url}, format="json").status_code == 400
