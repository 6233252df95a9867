"""A hub that blocks licence conflicts: Alice is refused, Root overrides with a reason, and that is recorded."""

import pytest

from hub.accounts.models import AuditEntry
from hub.core.errors import Conflict, Forbidden, Invalid, Refused
from hub.jobs.models import Job
from hub.recipes.models import LicenceOverride
from hub.recipes.overrides import override_create, override_withdraw
from hub.recipes.services import recipe_check, recipe_submit
from tests.builders import finetuned, mlp_state, model_folder
from tests.factories.jobs import make_repo
from tests.hub.recipes.conftest import CONFIG

pytestmark = pytest.mark.django_db
REASON = "The author gave us written permission."


@pytest.fixture
def conflicting(alice, family, tmp_path, document):
    """Alice's recipe over a model that allows no derivatives."""
    folder = model_folder(
        tmp_path / "locked",
        finetuned(mlp_state(seed=0), seed=3),
        config=CONFIG,
        readme="---\nlicense: cc-by-nd-4.0\n---\n",
    )
    make_repo(alice, "locked", visibility="public", folder=folder)
    return document(sources=[{"model": "alice/one", "density": 0.5}, {"model": "alice/locked", "density": 0.5}])


@pytest.fixture
def blocking(settings):
    settings.LICENCE_POLICY = "block"


def conflict_of(user, document):
    found = [
        finding
        for finding in recipe_check(user=user, document=document).check.findings
        if finding.code == "licence_conflict"
    ]
    assert len(found) == 1
    return found[0]


def overridden(asker, document, reason=REASON):
    report = recipe_check(user=asker, document=document)
    return override_create(asker=asker, recipe=report.parsed.readable, verdict=report.check.licence, reason=reason)


def test_a_hub_that_warns_lets_the_job_run_and_keeps_the_verdict(alice, conflicting):
    assert conflict_of(alice, conflicting).severity == "warning"
    job, _ = recipe_submit(user=alice, document=conflicting)
    assert job.request["licence"]["verdict"] == "deny"
    link = job.check_report["licence"]["blocking"][0]
    assert (link["name"], link["licence"], link["clause"]) == ("locked", "CC-BY-ND-4.0", "CC-BY-ND-4.0 § 2(a)(1)")


def test_a_hub_that_blocks_refuses_alice_and_leaves_nothing(alice, conflicting, blocking):
    with pytest.raises(Refused) as refusal:
        recipe_submit(user=alice, document=conflicting)
    assert [finding.code for finding in refusal.value.findings if finding.severity == "error"] == ["licence_conflict"]
    assert not Job.objects.exists()
    assert recipe_check(user=alice, document=conflicting).check.plan is None


def test_alice_may_not_override(alice, conflicting, blocking):
    with pytest.raises(Forbidden):
        overridden(alice, conflicting)
    assert not LicenceOverride.objects.exists()
    assert not AuditEntry.objects.filter(action="licence.override").exists()


def test_root_overrides_with_a_reason_and_alice_submits(alice, root, conflicting, blocking):
    overridden(root, conflicting)
    entry = AuditEntry.objects.get(action="licence.override")
    assert (entry.actor, entry.subject, entry.namespace) == ("root", "alice/merged", "alice")
    assert entry.detail["reason"] == REASON
    assert any("CC-BY-ND-4.0" in line for line in entry.detail["blocked"])
    found = conflict_of(alice, conflicting)
    assert found.severity == "warning"
    assert REASON in found.consequence
    job, _ = recipe_submit(user=alice, document=conflicting)
    licence = job.request["licence"]
    assert licence["verdict"] == "deny"
    assert (licence["override"]["by"], licence["override"]["reason"]) == ("root", REASON)


@pytest.mark.parametrize(
    "change", [{"repo": "alice/other"}, {"repo": "alice/merged", "visibility": "public"}], ids=["target", "visibility"]
)
def test_an_override_holds_for_what_was_overridden_only(alice, root, conflicting, blocking, change):
    overridden(root, conflicting)
    assert conflict_of(alice, conflicting | {"output": change}).severity == "error"


def test_another_licence_of_an_input_needs_another_override(alice, root, conflicting, blocking, tmp_path):
    overridden(root, conflicting)
    state = finetuned(mlp_state(seed=0), seed=4)
    folder = model_folder(tmp_path / "strict", state, config=CONFIG, readme="---\nlicense: cc-by-nc-nd-4.0\n---\n")
    make_repo(alice, "strict", visibility="public", folder=folder)
    other = conflicting | {"sources": [*conflicting["sources"], {"model": "alice/strict", "density": 0.5}]}
    assert conflict_of(alice, other).severity == "error"


def test_a_withdrawn_override_holds_no_more(alice, root, conflicting, blocking):
    override = overridden(root, conflicting)
    override_withdraw(asker=root, ident=override.pk)
    assert conflict_of(alice, conflicting).severity == "error"
    deeds = AuditEntry.objects.filter(action="licence.override").order_by("id").values_list("detail__deed", flat=True)
    assert list(deeds) == ["override", "withdraw"]


def test_the_same_override_again_is_the_one_that_is_there(root, conflicting, blocking):
    assert overridden(root, conflicting).pk == overridden(root, conflicting, "Another reason, as long.").pk
    assert AuditEntry.objects.filter(action="licence.override").count() == 1


@pytest.mark.parametrize("reason", ["", "   ok    ", "x" * 1001])
def test_a_reason_is_asked_for(root, conflicting, blocking, reason):
    with pytest.raises(Invalid):
        overridden(root, conflicting, reason)


def test_there_has_to_be_a_conflict(root, family, document):
    with pytest.raises(Conflict):
        overridden(root, document())


def test_over_rest_alice_is_refused_and_root_is_not(api_as, alice, root, conflicting, blocking):
    body = {"recipe": conflicting, "reason": REASON}
    address = "/api/v1/recipes/licence-overrides"
    assert api_as(alice).post(address, body, format="json").status_code == 403
    assert api_as(root).post(address, {**body, "recipe": {"kind": "merge"}}, format="json").status_code == 409
    made = api_as(root).post(address, body, format="json")
    assert (made.status_code, made.json()["by"], made.json()["target"]) == (201, "root", "alice/merged")
    checked = api_as(alice).post("/api/v1/recipes/check", {"recipe": conflicting}, format="json").json()
    assert checked["ok"]
    assert checked["licence"]["override"]["reason"] == REASON
    assert api_as(alice).get(address).status_code == 403
    assert [row["id"] for row in api_as(root).get(address).json()["results"]] == [made.json()["id"]]
    assert api_as(root).delete(f"{address}/{made.json()['id']}").json()["withdrawn_at"]
    assert api_as(alice).post("/api/v1/jobs", {"recipe": conflicting}, format="json").status_code == 422
