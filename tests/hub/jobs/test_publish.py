"""Publishing: commit, outputs, hook and state together, or nothing of it."""

import pytest

from hub.blobs.models import Blob
from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import commit_resolve, entries_of
from hub.jobs.models import JobOutput
from hub.jobs.selectors import result_of
from hub.jobs.services import LeaseLost, job_cancel, job_fail, job_publish, publishing
from tests.factories.jobs import claim, expire, key_of, make_repo, make_result, make_running
from workers.contracts.errors import Cancelled, UserError
from workers.contracts.manifests import Manifest

pytestmark = pytest.mark.django_db


@pytest.fixture
def out(tmp_path):
    (tmp_path / "README.md").write_text("---\nlicense: mit\n---\n# Merged\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "notes.txt").write_text("notes")
    return tmp_path


def publish(job, out, **options):
    return job_publish(**key_of(job), result=make_result(out, accuracy=0.9), folder=out, **options)


def paths_at_head(repo):
    return sorted(entry.path for entry in entries_of(commit_resolve(repo, "main")) if not entry.is_folder)


def test_makes_the_repo_and_ends_the_job(alice, out):
    job = publish(
        make_running(alice, output="alice/merged", title="TIES of 3 models → alice/merged"), out, cost={"wall_s": 1.0}
    )
    assert (job.state, job.tensor_digest, job.metrics, job.cost) == (
        "succeeded",
        "d" * 64,
        {"accuracy": 0.9},
        {"wall_s": 1.0},
    )
    repo = Repo.objects.get(full_name="alice/merged")
    assert repo.visibility == "private"
    assert paths_at_head(repo) == [".gitattributes", "README.md", "sub/notes.txt"]
    output = job.outputs.get()
    assert (output.role, output.repo, output.commit) == ("result", repo, commit_resolve(repo, "main"))
    assert output.commit.title == f"TIES of 3 models → alice/merged (job {job.number})"
    assert result_of(job) == {"repo": "alice/merged", "commit": output.commit.oid}


def test_a_search_is_called_by_the_method_that_won(alice, out):
    manifest = Manifest(artifact="model", kind="merge", method="dare_ties", recipe={"kind": "merge"})
    (out / "genepool.json").write_text(manifest.model_dump_json(by_alias=True))
    job = make_running(alice, output="alice/merged", title="Search over 2 methods of 2 models → alice/merged")
    job.request["recipe"]["search"] = {"strategy": "grid"}
    job.save()
    done = publish(job, out)
    assert (done.title, done.method) == ("DARE TIES of 2 models → alice/merged", "dare_ties")
    assert done.outputs.get().commit.title.startswith("DARE TIES of 2 models")


def test_asked_twice_it_publishes_once(alice, out):
    job = make_running(alice, output="alice/merged")
    first = publish(job, out)
    assert publish(job, out).pk == first.pk
    assert JobOutput.objects.count() == 1
    assert Commit.objects.filter(repo__full_name="alice/merged").count() == 2


def test_result_replaces_what_is_on_the_branch(alice, out, tmp_path_factory):
    old = tmp_path_factory.mktemp("old")
    (old / "stale.txt").write_text("stale")
    repo = make_repo(alice, "merged", folder=old)
    publish(make_running(alice, output="alice/merged"), out)
    assert paths_at_head(repo) == [".gitattributes", "README.md", "sub/notes.txt"]


def test_makes_the_branch_that_the_recipe_names(alice, out):
    job = make_running(alice)
    job.request["recipe"]["output"] = {
        "repo": "alice/merged",
        "visibility": "private",
        "branch": "seed-1",
        "message": "Seed 1",
    }
    job.save()
    done = publish(job, out)
    repo = done.outputs.get().repo
    assert commit_resolve(repo, "seed-1").title == "Seed 1"
    assert paths_at_head(repo) == [".gitattributes"]


def test_late_attempt_publishes_nothing(alice, out):
    zombie = make_running(alice, output="alice/merged")
    expire(zombie)
    job_fail(**key_of(zombie), code="killed", message="gone")
    claim()
    with pytest.raises(LeaseLost):
        publish(zombie, out)
    assert not Repo.objects.exists()
    assert not JobOutput.objects.exists()


def test_cancelled_before_publishing_publishes_nothing(alice, out):
    job = make_running(alice, output="alice/merged")
    job_cancel(user=alice, job=job)
    with pytest.raises(Cancelled):
        publish(job, out)
    assert not Repo.objects.exists()


def test_hook_that_fails_leaves_nothing_half_published(alice, out, monkeypatch):
    job = make_running(alice, output="alice/merged")

    def broken(*_):
        raise RuntimeError("hook")

    monkeypatch.setattr(publishing, "_hook_call", broken)
    with pytest.raises(RuntimeError):
        publish(job, out)
    job.refresh_from_db()
    assert job.state == "running"
    assert not Repo.objects.exists()
    assert not JobOutput.objects.exists()


def test_refuses_when_the_right_to_an_input_was_withdrawn(alice, charlie, out):
    repo = make_repo(alice, "digits", visibility="public")
    job = make_running(charlie, inputs=(repo,), output="charlie/merged")
    Repo.objects.filter(pk=repo.pk).update(visibility="private")
    with pytest.raises(UserError) as caught:
        publish(job, out)
    assert [finding.code for finding in caught.value.findings] == ["input_not_visible"]
    assert not Repo.objects.filter(full_name="charlie/merged").exists()


def test_refuses_when_an_input_became_private_and_the_result_would_be_public(alice, bob, lab, out):
    repo = make_repo(alice, "digits", namespace="lab", visibility="public")
    job = make_running(bob, inputs=(repo,), output="bob/merged", visibility="public")
    Repo.objects.filter(pk=repo.pk).update(visibility="private")
    with pytest.raises(UserError) as caught:
        publish(job, out)
    assert [finding.code for finding in caught.value.findings] == ["private_input_public_output"]


def test_refuses_a_namespace_that_is_not_the_owners(alice, bob, out):
    with pytest.raises(UserError):
        publish(make_running(bob, output="alice/merged"), out)
    assert not Repo.objects.exists()


def test_refuses_a_file_that_changed_after_the_child_ended(alice, out):
    job = make_running(alice, output="alice/merged")
    result = make_result(out)
    (out / "README.md").write_text("changed")
    with pytest.raises(RuntimeError, match="changed"):
        job_publish(**key_of(job), result=result, folder=out)
    assert not Repo.objects.exists()
    assert not Blob.objects.filter(tree_entries__name="README.md").exists()


def test_refuses_a_result_that_points_out_of_its_folder(alice, out, tmp_path_factory):
    secret = tmp_path_factory.mktemp("elsewhere") / "secret"
    secret.write_text("secret")
    (out / "link").symlink_to(secret)
    with pytest.raises(RuntimeError, match="not in the folder"):
        publish(make_running(alice, output="alice/merged"), out)
    assert not Repo.objects.exists()


def test_metrics_that_are_not_finite_do_not_lose_the_result(alice, out):
    job = make_running(alice, output="alice/merged")
    done = job_publish(**key_of(job), result=make_result(out, loss=float("nan")), folder=out)
    assert (done.state, done.metrics) == ("succeeded", {"loss": None})


def test_unlisted_files_are_not_published(alice, out):
    result = make_result(out)
    (out / "core.dump").write_text("x")
    job = make_running(alice, output="alice/merged")
    job_publish(**key_of(job), result=result, folder=out)
    assert "core.dump" not in paths_at_head(Repo.objects.get())
