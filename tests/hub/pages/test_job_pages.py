from datetime import timedelta

import pytest
from django.utils import timezone

from hub.jobs.models import Job
from hub.jobs.services import job_events_append, job_fail
from hub.jobs.states import State
from hub.pages.job_page import polling_s
from hub.pages.progress import progress_of
from tests.factories.jobs import key_of, make_job, make_running
from workers.contracts.events import LogEvent, MetricEvent, ProgressEvent, StepEvent


@pytest.fixture
def running(alice):
    job = make_running(alice)
    job_events_append(
        **key_of(job),
        events=[
            StepEvent(name="fetch", state="started"),
            StepEvent(name="fetch", state="finished"),
            StepEvent(name="merge", state="started", weight=6),
            ProgressEvent(done=3, total=12, unit="tensors", message="vit.head"),
            LogEvent(message="Merging <b>72</b> tensors"),
            MetricEvent(name="loss", step=0, value=2.0),
            MetricEvent(name="loss", step=1, value=1.0),
        ],
    )
    job.refresh_from_db()
    return job


def page_of(browser, user, job, part=""):
    return browser(user).get(f"/jobs/{job.number}{part}").content.decode()


def test_a_running_job_shows_steps_progress_log_and_curve(browser, alice, running):
    page = page_of(browser, alice, running)
    assert "25\u00a0%" in page
    assert "vit.head, 3 of 12 tensors" in page
    assert "Merging &lt;b&gt;72&lt;/b&gt; tensors" in page
    assert "Training loss fell to 1" in page
    assert page.count("<progress") == 2
    assert "Cancel job" in page


def test_the_fragment_polls_itself_and_stops_when_the_job_has_ended(browser, alice, running):
    assert 'hx-trigger="every 2s"' in page_of(browser, alice, running, "/live")
    job_fail(**key_of(running), code="user_error", message="No.")
    after = browser(alice).get(f"/jobs/{running.number}/live")
    assert "hx-trigger" not in after.content.decode()
    assert after["HX-Trigger"] == "job-ended"


def test_without_scripts_the_page_reloads_itself_while_it_runs(browser, alice, running):
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page_of(browser, alice, running)
    Job.objects.filter(pk=running.pk).update(state="succeeded", lease_until=None)
    assert "http-equiv" not in page_of(browser, alice, running)


@pytest.mark.parametrize(
    ("state", "age", "pause"),
    [("running", 10, 2), ("running", 90, 5), ("cancelling", 90, 5), ("queued", 10, 2), ("queued", 90, 15), ("waiting", 90, 15), ("succeeded", 10, None), ("failed", 10, None)],
)  # fmt: skip
def test_polls_slower_the_longer_it_takes(state, age, pause):
    at = timezone.now() - timedelta(seconds=age)
    assert polling_s(Job(state=state, created_at=at, started_at=at)) == pause


def test_a_queued_job_says_what_it_waits_for(browser, alice):
    page = page_of(browser, alice, make_job(alice))
    assert "1st in the queue." in page
    assert "It waits for a worker" in page


def test_a_failed_job_says_whose_fault_it_is_and_shows_its_findings(browser, alice, running):
    finding = {
        "code": "nan_in_source",
        "severity": "error",
        "message": "12 values are NaN.",
        "where": "sources[1]",
        "stage": "run",
    }
    from workers.contracts.findings import Finding

    job_fail(
        **key_of(running),
        code="user_error",
        message="One source holds values that are not numbers.",
        findings=[Finding(**finding)],
    )
    page = page_of(browser, alice, running)
    assert "One source holds values that are not numbers." in page
    assert "it will fail again unchanged" in page
    assert "12 values are NaN." in page
    assert "Edit the recipe" in page


def test_an_errored_job_is_our_fault_and_can_be_retried(browser, alice, running):
    Job.objects.filter(pk=running.pk).update(
        state="errored", lease_until=None, error={"code": "error", "message": "The worker was lost."}
    )
    page = page_of(browser, alice, running)
    assert "This is our fault" in page
    browser(alice).post(f"/jobs/{running.number}/retry")
    running.refresh_from_db()
    assert running.state == State.QUEUED


def test_cancels(browser, alice):
    job = make_job(alice)
    answer = browser(alice).post(f"/jobs/{job.number}/cancel", follow=True)
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert f"Job {job.number} was asked to stop." in answer.content.decode()


def test_a_deed_that_comes_too_late_is_explained(browser, alice):
    job = make_job(alice)
    browser(alice).post(f"/jobs/{job.number}/cancel")
    answer = browser(alice).post(f"/jobs/{job.number}/cancel", follow=True)
    assert "has ended already" in answer.content.decode()


def test_reproduces(browser, alice):
    job = make_job(alice)
    Job.objects.filter(pk=job.pk).update(state="succeeded", tensor_digest="d" * 64)
    browser(alice).post(f"/jobs/{job.number}/reproduce")
    assert Job.objects.get(reproduces=job).state == State.QUEUED


@pytest.mark.parametrize(
    ("is_equal", "words"),
    [(True, "The same tensor digest as job 7."), (False, "The tensor digest differs from that of job 7.")],
)
def test_a_reproduction_says_whether_it_agrees(browser, alice, is_equal, words):
    job = make_job(alice)
    verdict = {"of": 7, "expected_digest": "a" * 64, "digest": "b" * 64, "is_equal": is_equal}
    Job.objects.filter(pk=job.pk).update(state="succeeded", metrics={"reproduction": verdict})
    assert words in page_of(browser, alice, job)


def test_the_whole_log_is_plain_text(browser, alice, running):
    answer = browser(alice).get(f"/jobs/{running.number}/log")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "Merging <b>72</b> tensors" in answer.content.decode()


def test_the_curve_comes_as_csv(browser, alice, running):
    assert browser(alice).get(f"/jobs/{running.number}/curve.csv").content.decode().splitlines() == [
        "step,loss",
        "0.0,2.0",
        "1.0,1.0",
    ]


def test_lists_filter_by_state_and_kind(browser, alice):
    merge, cancelled = make_job(alice, title="First"), make_job(alice, title="Second")
    browser(alice).post(f"/jobs/{cancelled.number}/cancel")
    page = browser(alice).get("/jobs?state=queued").content.decode()
    assert "First" in page
    assert "Second" not in page
    assert "Second" in browser(alice).get("/jobs?state=cancelled").content.decode()
    assert "No job fits this" in browser(alice).get("/jobs?kind=evaluate").content.decode()
    assert merge.kind == "train"


def test_the_header_counts_running_jobs(browser, alice, running):
    assert "1 running" in browser(alice).get("/docs").content.decode()


def test_notices_are_counted_until_read(browser, alice, running):
    job_fail(**key_of(running), code="user_error", message="No.")
    client = browser(alice)
    assert "1 new" in client.get("/docs").content.decode()
    client.post("/settings/notices/read")
    assert "1 new" not in client.get("/docs").content.decode()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"done": None, "total": None},
        {"done": 5, "total": 0},
        {"steps": [{"name": "x"}]},
        {"steps": ["bad"], "done": 9, "total": 3},
    ],
)
def test_any_progress_can_be_shown(alice, data):
    shown = progress_of(Job(owner=alice, state="running", progress=data, started_at=timezone.now()))
    assert 0 <= shown.share <= 1


def test_the_title_says_what_and_the_line_below_where_to(browser, alice):
    job = make_job(alice, title="TIES of 3 models → alice/digits-merged")
    page = page_of(browser, alice, job)
    assert "<h1>TIES of 3 models</h1>" in page
    assert '→ <span class="name">alice/<b>digits-merged</b></span>' in page
