import json

import pytest

from hub.catalog.models import Repo
from hub.cli import main
from hub.jobs.models import Job, JobOutput
from hub.jobs.states import State
from tests.hub.api.test_jobs import make_job
from tests.hub.api.zoo import make_model

pytestmark = pytest.mark.usefixtures("hub_here")
RECIPE = """
kind: merge
method: linear
sources:
  - {model: alice/one}
  - {model: alice/two, weight: 0.5}
"""


@pytest.fixture
def recipe(alice, tmp_path):
    make_model(alice, "alice/one", seed=1)
    make_model(alice, "alice/two", seed=2)
    path = tmp_path / "recipe.yaml"
    path.write_text(RECIPE)
    return path


def test_submits_with_the_place_given_on_the_command_line(alice, as_user, recipe, capsys):
    as_user(alice, "submit")
    assert main(["submit", str(recipe), "--to", "alice/merged", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    job = Job.objects.get()
    assert body["id"] == str(job.pk)
    assert job.recipe["output"]["repo"] == "alice/merged"


def test_warnings_of_an_accepted_recipe_are_printed(alice, as_user, recipe, capsys):
    as_user(alice, "submit")
    Repo.objects.filter(full_name="alice/two").update(visibility="private")
    recipe.write_text(RECIPE + "output: {repo: alice/merged, visibility: public}\n")
    assert main(["submit", str(recipe)]) == 0
    words = capsys.readouterr().err
    assert "warning: The result is public and its card, recipe and lineage name" in words
    assert "output.visibility (line 7) · private_name_public" in words
    assert f"Job {Job.objects.get().number} is submitted" in words


def test_a_refused_recipe_prints_its_findings_with_lines(alice, as_user, recipe, capsys):
    as_user(alice, "submit")
    recipe.write_text(RECIPE.replace("weight", "wieght") + "output: {repo: alice/merged}\n")
    assert main(["submit", str(recipe)]) == 1
    words = capsys.readouterr().err
    assert "error: " in words
    assert "(line 6)" in words
    assert "unknown_key" in words
    assert not Job.objects.exists()


def test_without_a_token_says_what_is_missing(recipe, monkeypatch, capsys):
    monkeypatch.delenv("GENEPOOL_TOKEN", raising=False)
    assert main(["submit", str(recipe)]) == 1
    assert "GENEPOOL_TOKEN" in capsys.readouterr().err


def test_a_token_that_may_only_read_is_told_so(alice, as_user, recipe, capsys):
    as_user(alice, "read")
    assert main(["submit", str(recipe), "--to", "alice/merged"]) == 1
    assert "lacks the scope 'submit'" in capsys.readouterr().err


def test_a_recipe_that_is_not_there_is_a_mistake_in_the_call(capsys):
    assert main(["submit", "nowhere.yaml"]) == 2
    assert "nowhere.yaml cannot be read" in capsys.readouterr().err


def test_the_recipe_may_come_through_a_pipe(alice, as_user, recipe, monkeypatch):
    import io

    as_user(alice, "submit")
    monkeypatch.setattr("sys.stdin", io.StringIO(RECIPE))
    assert main(["submit", "-", "--to", "alice/merged"]) == 0
    assert Job.objects.count() == 1


def test_watching_ends_with_the_job(alice, as_user, recipe, capsys):
    """An identical job has finished, so its result is there at once."""
    as_user(alice, "submit")
    assert main(["submit", str(recipe), "--to", "alice/merged"]) == 0
    repo, commit = make_model(alice, "alice/merged", seed=3)
    job = Job.objects.get()
    Job.objects.update(state=State.SUCCEEDED)
    JobOutput.objects.create(job=job, repo=repo, commit=commit)
    capsys.readouterr()
    assert main(["submit", str(recipe), "--to", "alice/merged", "--watch"]) == 0
    output = capsys.readouterr()
    assert output.out == f"alice/merged@{commit.oid[:7]}\n"
    assert "made this before" in output.err
    assert Job.objects.count() == 1


def test_lists_shows_cancels_and_retries(alice, as_user, capsys):
    as_user(alice, "submit")
    job = make_job(alice, title="A merge of two")
    assert main(["jobs", "list"]) == 0
    assert f"{job.number}  queued" in capsys.readouterr().out
    assert main(["jobs", "show", str(job.number)]) == 0
    assert "A merge of two" in capsys.readouterr().out
    assert main(["jobs", "cancel", str(job.number)]) == 0
    assert main(["jobs", "cancel", str(job.number)]) == 1
    assert main(["jobs", "retry", str(job.number)]) == 0
    job.refresh_from_db()
    assert job.state == State.QUEUED
    assert main(["jobs", "retry", str(job.number), "--reproduce"]) == 1
    assert "can be reproduced" in capsys.readouterr().err


def test_lists_and_shows_as_json(alice, as_user, capsys):
    as_user(alice, "read")
    job = make_job(alice)
    assert main(["jobs", "list", "--json", "--state", "queued"]) == 0
    assert json.loads(capsys.readouterr().out)["results"][0]["id"] == str(job.pk)
    assert main(["jobs", "show", str(job.pk), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["number"] == job.number


def test_somebody_elses_job_is_not_there(alice, charlie, as_user, capsys):
    as_user(charlie, "submit")
    assert main(["jobs", "show", str(make_job(alice).number)]) == 1
    assert "There is no such entry, or you may not see it." in capsys.readouterr().err


def test_a_watched_job_that_failed_is_exit_code_one(alice, as_user, capsys):
    as_user(alice, "read")
    job = make_job(
        alice, state=State.FAILED, error={"code": "user_error", "message": "The shapes differ.", "findings": []}
    )
    assert main(["jobs", "watch", str(job.number)]) == 1
    assert "The shapes differ." in capsys.readouterr().err


def test_shows_the_recipe_in_reading_order(alice, as_user, capsys):
    as_user(alice, "read")
    document = {
        "output": {"repo": "alice/merged"}, "density": 0.4, "sources": [{"weight": 1, "model": "alice/one"}],
        "base": "alice/base", "method": "ties", "kind": "merge",
    }  # fmt: skip
    job = make_job(alice, recipe=document)
    assert main(["jobs", "show", str(job.number)]) == 0
    assert capsys.readouterr().out.endswith(
        "\n\nkind: merge\nmethod: ties\nbase: alice/base\nsources:\n- {model: alice/one, weight: 1}\ndensity: 0.4\n"
        "output: {repo: alice/merged}\n"
    )
