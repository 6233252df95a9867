"""What a job shows while it runs: the loss with its terms and validation, how long it still takes, numbers as they are measured."""

import numpy as np
import pytest
from django.utils import timezone

from hub.jobs.models import Job, JobEvent, JobInput
from hub.jobs.services import job_events_append, job_fail
from hub.pages import job_curves
from hub.pages.job_curves import curves_of
from hub.pages.job_matrix import matrix_of
from hub.pages.job_verdicts import verdicts_of_job
from tests.factories.evals import make_evaluation, make_model, make_result
from tests.factories.jobs import claim, key_of, make_job, make_running
from workers.contracts.events import CheckpointEvent, MetricEvent

pytestmark = pytest.mark.django_db
MODELS, DATA = ["alice/one", "alice/two"], [{"data": "demo/digits-clean"}, {"data": "demo/digits-noisy"}]


def told(job, *events):
    job_events_append(**key_of(job), events=list(events))
    job.refresh_from_db()
    return job


def metric(name, step, value):
    return MetricEvent(name=name, step=step, value=value)


@pytest.fixture
def training(alice):
    events = [metric(name, step, value / (1 + step)) for step in range(4) for name, value in (("loss", 3.0), ("loss/hard", 2.0), ("loss/soft", 1.0), ("learning_rate", 0.1))]  # fmt: skip
    return told(make_running(alice), *events, metric("validation_loss", 1, 0.9), metric("validation_loss", 3, 1.2), metric("eta_s", 3, 630))  # fmt: skip


def page_of(browser, user, job):
    return browser(user).get(f"/jobs/{job.number}").content.decode()


def test_the_loss_stands_beside_the_validation_loss_and_its_terms(browser, alice, training):
    page = page_of(browser, alice, training)
    assert "Training loss fell to 0.75" in page
    assert "The validation loss was lowest at step 1, 0.9, and is 1.2 now." in page
    assert "2 terms make the loss" in page
    assert "learning" not in page.partition("Log</h2>")[0]


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ({"kept_step": 1}, "The weights of step 1 are the result: those after them did no better on the validation data."),
        ({"kept_step": 1, "diverged_at_step": 3}, "The weights of step 1 are the result, the last good ones: at step 3 the loss became NaN"),
        ({"kept_step": 3}, "The weights of the last step are the result."),
    ],
)  # fmt: skip
def test_the_step_whose_weights_are_kept_is_marked_wherever_the_curve_is_shown(
    browser, alice, training, metrics, words
):
    is_last = metrics["kept_step"] == 3
    Job.objects.filter(pk=training.pk).update(state="succeeded", metrics=metrics | {"training_loss": 0.9})
    training.refresh_from_db()
    page = page_of(browser, alice, training)
    assert words in page
    assert "Training loss, mean of their epoch" in page
    assert page.count("kept: step 1</text>") == (0 if is_last else 4)  # wide and narrow, loss and terms
    assert (">1 (kept)<" in page) != is_last
    lines = browser(alice).get(f"/jobs/{training.number}/curve.csv").content.decode().splitlines()
    assert lines[0].endswith(",kept")
    assert [line.split(",")[0] for line in lines if line.endswith(",kept")][1:] == [f"{metrics['kept_step']}.0"]


def test_a_running_training_tells_its_rate_speed_and_checkpoint(browser, alice, training):
    told(training, metric("examples_per_s", 3, 1234.4), metric("kept_step", 1, 1), CheckpointEvent(unit="step 3"))
    assert "Without early stopping the last weights are the result" in page_of(browser, alice, training)
    Job.objects.filter(pk=training.pk).update(recipe={**training.recipe, "early_stop": {"patience": 2}})
    page = page_of(browser, alice, training)
    for word, value in (
        ("Learning rate", "0.025"),
        ("Examples a second", "1\u202f234"),
        ("Last checkpoint", "step 3"),
        ("Best so far, kept", "step 1"),
    ):
        assert f"<dt>{word}</dt><dd>{value}</dd>" in page


def test_the_time_left_is_what_the_training_expects(browser, alice, training):
    assert "about 9 to 12\u00a0min left" in page_of(browser, alice, training)


def test_a_job_that_was_killed_says_that_it_goes_on_and_from_where(browser, alice, training):
    told(training, CheckpointEvent(unit="step 364"))
    job_fail(**key_of(training), code="killed", message="The process of this job was killed (SIGKILL).")
    assert "It is back in the queue and will go on from step 364." in page_of(browser, alice, training)
    assert claim().pk == training.pk
    page = page_of(browser, alice, training)
    assert "was killed (SIGKILL). It was started again and goes on from step 364." in page
    # what the first attempt expected says nothing of the second
    assert " left</b>" not in page
    training.refresh_from_db()
    page = told(training, metric("eta_s", 365, 0.5)) and page_of(browser, alice, training)
    assert ">under a second left</b>" in page


def test_a_loss_that_stays_where_it_is_is_not_said_to_go_anywhere(browser, alice):
    job = told(make_running(alice), metric("loss", 1, 0.0), metric("loss", 2, 0.0))
    assert "0 at the first step and after 1 step more." in page_of(browser, alice, job)


def test_what_the_run_warns_of_at_its_end_stands_on_top(browser, alice, training):
    finding = {"code": "nothing_learned", "severity": "warning", "message": "It learned nothing: loss 125 at the end."}
    Job.objects.filter(pk=training.pk).update(state="succeeded", metrics={"findings": [finding, {"not": "one"}]})
    before, _, after = page_of(browser, alice, training).partition("It learned nothing: loss 125 at the end.")
    assert after
    assert "<h2>" not in before


def test_a_repeated_step_counts_once_and_the_place_is_marked(training):
    JobEvent.objects.create(job=training, attempt=2, type="metric", data={"name": "loss", "step": 2, "value": 0.5})
    Job.objects.filter(pk=training.pk).update(attempt=2)
    training.refresh_from_db()
    curves = curves_of(training)
    assert dict(curves.main.points)[2.0] == 0.5
    assert curves.resumed == [2.0]


def test_of_very_many_points_the_last_is_always_there(alice, monkeypatch):
    monkeypatch.setattr(job_curves, "MOST_POINTS", 10)
    job = told(make_running(alice), *(metric("loss", step, float(step)) for step in range(101)))
    points = curves_of(job).main.points
    assert points[-1] == (100.0, 100.0)
    assert len(points) <= 11


def test_every_curve_comes_in_one_csv(browser, alice, training):
    lines = browser(alice).get(f"/jobs/{training.number}/curve.csv").content.decode().splitlines()
    assert lines[0] == "step,loss,validation_loss,loss/hard,loss/soft"
    assert lines[1] == "0.0,3.0,,2.0,1.0"


@pytest.fixture
def measuring(alice):
    job = make_running(alice, kind="evaluate")
    recipe = {"kind": "evaluate", "models": MODELS, "data": DATA}
    Job.objects.filter(pk=job.pk).update(recipe=recipe, request={**job.request, "recipe": recipe})
    job.refresh_from_db()
    note = {"model": "alice/one", "data": "demo/digits-clean", "task": "image-classification"}
    return told(job, CheckpointEvent(unit="0-0", data={**note, "nll": 0.2, "accuracy": 0.9}))


def test_numbers_are_shown_as_soon_as_they_are_measured(browser, alice, measuring):
    page = page_of(browser, alice, measuring)
    assert "1 of 4 measured" in page
    assert "90.0\u00a0%" in page
    assert page.count(">waits<") == 3


def test_a_model_that_cannot_be_measured_is_named_with_the_reason(browser, alice, measuring):
    note = {"model": "alice/two", "data": "demo/digits-clean"}
    told(
        measuring,
        CheckpointEvent(unit="1-0", data={**note, "left_out": "It answers <b>NaN</b>.", "code": "nan_predictions"}),
    )
    page = page_of(browser, alice, measuring)
    assert "<b>alice/two</b> is not measured on demo/digits-clean. It answers &lt;b&gt;NaN&lt;/b&gt;." in page
    assert (page.count(">left out<"), page.count(">waits<")) == (1, 2)
    told(measuring, CheckpointEvent(unit="1-0", data={**note, "task": "image-classification", "accuracy": 0.5}))
    assert "is not measured on" not in page_of(browser, alice, measuring)


def test_a_benchmark_is_called_by_its_name(browser, alice, measuring):
    asked = {**measuring.recipe, "data": [{"benchmark": "tiny-digits"}, DATA[1]]}
    Job.objects.filter(pk=measuring.pk).update(recipe=asked)
    page = page_of(browser, alice, measuring).partition("Log</h2>")[0]
    assert "tiny-digits" in page
    assert "1 of 4 measured" in page


def test_when_it_has_ended_each_number_leads_to_its_measurement(browser, alice, measuring):
    row = make_evaluation(alice, *make_model(alice, "one"), [1, 1, 1, 0], data="demo/digits-clean")
    row.job = measuring
    row.save()
    page = page_of(browser, alice, measuring)
    assert f"/alice/one/evaluations/{row.pk}" in page
    assert "75.0\u00a0%" in page


def answers(gold, right):
    """Answers of two classes; `right` of them, the first ones, are as they should be."""
    hits = np.arange(len(gold)) < right
    return {
        "gold": gold, "prediction": np.where(hits, gold, 1 - gold), "correct": hits, "logprob": np.where(hits, -0.1, -2.0),
        "confidence": np.full(len(gold), 0.9),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("right", "said"),
    [
        (38, "one and two cannot be told apart on these data."),
        (10, "one is better than two, and that is more than chance."),
    ],
)
def test_the_job_says_which_model_is_better_and_whether_that_is_noise(browser, alice, measuring, right, said):
    Job.objects.filter(pk=measuring.pk).update(state="succeeded", finished_at=timezone.now())
    gold = np.arange(40) % 2
    for name, hits in (("one", 40), ("two", right)):
        found = {"job": measuring, "definition_digest": "d" * 64, "labels": ["no", "yes"]}
        make_result(alice, *make_model(alice, name), answers(gold, hits), data="demo/digits-clean", **found)
    page = page_of(browser, alice, measuring)
    assert said in page
    assert "/compare?models=alice/one,alice/two" in page


def test_two_revisions_of_one_model_are_told_apart(browser, alice, measuring):
    repo, commit = make_model(alice, "one")
    oids = [commit.oid, "2" * 40]
    asked = {**measuring.recipe, "models": ["alice/one@main", "alice/one@seed-1"], "data": DATA[:1]}
    Job.objects.filter(pk=measuring.pk).update(
        recipe=asked, request={**measuring.request, "recipe": asked}, state="succeeded"
    )
    for place, (oid, right) in enumerate(zip(oids, (90, 60), strict=True)):
        JobInput.objects.create(job=measuring, repo=repo, commit_oid=oid, role="model", position=place)
        row = make_evaluation(
            alice, repo, repo.commits.get(oid=repo.head), [1] * right + [0] * (100 - right), data=DATA[0]["data"]
        )
        type(row).objects.filter(pk=row.pk).update(job=measuring, commit_oid=oid, score=right / 100)
    measuring.refresh_from_db()
    found = matrix_of(measuring, alice)
    assert [(row.model, row.cells[0].text) for row in found.rows] == [
        ("alice/one", "90.0\u00a0%"), ("alice/one@seed-1", "60.0\u00a0%"),
    ]  # fmt: skip
    assert found.title == "All 2 measured"
    (verdict,) = verdicts_of_job(measuring, alice)["rows"]
    assert (verdict.best, verdict.next) == ("one", "one@seed-1")


def test_another_kind_of_job_has_no_table_of_numbers(alice):
    assert matrix_of(make_job(alice), alice) is None
