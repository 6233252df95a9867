"""`hf:org/name@revision` in a recipe: imported first, then an input like any other."""

import pytest

from hub.core.errors import Conflict, Refused
from hub.imports.models import Import
from hub.imports.services import import_start
from hub.jobs.models import Job
from hub.jobs.services import job_fail, job_retry
from hub.recipes.services import recipe_check, recipe_submit
from tests.builders import finetuned, mlp_state, model_folder
from tests.factories.jobs import claim, key_of
from tests.hub.imports.conftest import carry_out, hubs  # noqa: F401  fixtures
from tests.hub.imports.fake_hub import COMMIT
from tests.hub.recipes.conftest import CONFIG, README
from workers.contracts.jobs import JobRequest

pytestmark = pytest.mark.django_db


@pytest.fixture
def outside(hubs, settings, tmp_path):  # noqa: F811
    """A fine-tune of alice/base on another hub, as hf:ada/three."""
    folder = model_folder(tmp_path / "three", finetuned(mlp_state(seed=0), seed=3), config=CONFIG, readme=README)
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    hub = hubs(files, lfs={name for name in files if name.endswith(".safetensors")})
    settings.IMPORT_HOSTS, settings.IMPORT_PRIVATE_HOSTS = [hub.url], ["127.0.0.1"]
    return hub


@pytest.fixture
def mixed(document):
    return document(sources=[{"model": "alice/one", "density": 0.5}, {"model": "hf:ada/three", "density": 0.5}])


def codes(report) -> list[tuple[str, str]]:
    return [(finding.severity, finding.code) for finding in report.check.findings if finding.severity != "warning"]


def test_check_says_that_it_is_imported_first_and_starts_nothing(alice, family, outside, mixed):
    report = recipe_check(user=alice, document=mixed)
    assert report.check.ok
    assert codes(report) == [("info", "import_first")]
    (finding,) = [finding for finding in report.check.findings if finding.code == "import_first"]
    assert (finding.where, "alice/three" in finding.message) == ("sources[1].model", True)
    assert report.check.plan is None
    assert not Import.objects.exists()
    assert outside.asked == []


def test_the_job_waits_and_runs_with_the_commit_that_came(alice, family, outside, mixed, carry_out):  # noqa: F811
    job, _ = recipe_submit(user=alice, document=mixed)
    origin = Import.objects.get()
    assert (job.state, list(job.depends_on.all())) == ("waiting", [origin.job])
    carry_out(origin.job)
    job.refresh_from_db()
    origin.refresh_from_db()
    assert job.state == "queued"
    request = JobRequest.model_validate(job.request)
    assert not request.unresolved
    assert request.plan is not None
    (entry,) = [entry for entry in request.inputs if entry.reference == "hf:ada/three"]
    assert (entry.facts.repo, entry.facts.commit) == ("alice/three", origin.commit.oid)
    assert {file.path for file in entry.files} == set(outside.files)
    assert job.inputs.filter(repo=origin.repo, commit_oid=origin.commit.oid).exists()
    assert job.needs_memory_bytes > 0
    assert claim("cpu").pk == job.pk


def test_what_is_here_already_is_used_as_it_is(alice, family, outside, mixed, carry_out):  # noqa: F811
    carry_out(import_start(user=alice, source="hf:ada/three").job)
    asked = len(outside.asked)
    job, _ = recipe_submit(user=alice, document=mixed)
    assert job.state == "queued"
    by_hash = recipe_check(user=alice, document={**mixed, "sources": ["alice/one", f"hf:ada/three@{COMMIT}"]})
    assert not by_hash.wanted
    assert len(outside.asked) == asked


def test_an_import_of_others_that_is_private_is_not_used(alice, charlie, family, outside, mixed, carry_out):  # noqa: F811
    carry_out(import_start(user=charlie, source="hf:ada/three").job)
    assert recipe_check(user=alice, document=mixed).wanted


def test_metadata_alone_is_no_input(alice, family, outside, mixed, carry_out):  # noqa: F811
    carry_out(import_start(user=alice, source="hf:ada/three", mode="metadata").job)
    report = recipe_check(user=alice, document={**mixed, "sources": ["alice/one", "alice/three"]})
    assert ("error", "not_mirrored") in codes(report)
    # named by its source it is imported in full
    assert recipe_check(user=alice, document=mixed).wanted


def test_other_errors_are_said_before_anything_is_imported(alice, family, outside, mixed):
    with pytest.raises(Refused) as caught:
        recipe_submit(user=alice, document={**mixed, "output": {"repo": "nobody/x"}})
    assert "output_not_writable" in {finding.code for finding in caught.value.findings}
    assert not Import.objects.exists()
    assert not Job.objects.exists()


def test_where_nothing_may_be_imported_the_recipe_is_refused(alice, family, mixed, settings):
    settings.IMPORT_HOSTS = []
    assert ("error", "import_refused") in codes(recipe_check(user=alice, document=mixed))


def test_what_came_may_make_the_recipe_impossible(alice, family, outside, mixed, carry_out):  # noqa: F811
    outside.files = {"README.md": b"# No weights here\n"}
    job, _ = recipe_submit(user=alice, document=mixed)
    carry_out(Import.objects.get().job)
    job.refresh_from_db()
    assert (job.state, job.error["code"]) == ("failed", "user_error")
    assert job.error["findings"]
    with pytest.raises(Conflict, match="Submit its recipe again"):
        job_retry(user=alice, job=job)


def test_an_import_that_failed_and_is_tried_again_lets_the_job_go_on(alice, family, outside, mixed, carry_out):  # noqa: F811
    job, _ = recipe_submit(user=alice, document=mixed)
    importing = Import.objects.get().job
    job_fail(**key_of(claim("io")), code="user_error", message="The source is closed.")
    job.refresh_from_db()
    assert (job.state, job.error["code"]) == ("failed", "dependency")
    carry_out(job_retry(user=alice, job=importing))
    again = job_retry(user=alice, job=job)
    assert again.state == "queued"
    assert not again.request["unresolved"]


def test_an_import_is_a_recipe_too(alice, outside, carry_out):  # noqa: F811
    job, _ = recipe_submit(
        user=alice, document={"kind": "import", "source": "hf:ada/three", "output": {"repo": "alice/mine"}}
    )
    assert (job.kind, job.queue) == ("import", "io")
    assert carry_out(job).state == "succeeded"
    with pytest.raises(Refused):
        recipe_submit(user=alice, document={"kind": "import", "source": "ada/three"})
