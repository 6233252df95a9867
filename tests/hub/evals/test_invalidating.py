"""Numbers that are not to be used: who may say so, and what becomes of them."""

import uuid

import pytest

from hub.accounts.models import AuditEntry
from hub.benchmarks.selectors import benchmark_get
from hub.core.errors import Forbidden, Invalid, NotFound
from hub.evals.invalidating import evaluation_invalidate
from hub.evals.leaderboards import leaderboard
from hub.evals.standings import standings_update
from tests.factories.benchmarks import make_benchmark, make_entry
from tests.factories.evals import make_model
from tests.factories.jobs import make_job

pytestmark = pytest.mark.django_db
REASON = "It was trained on the test split."


@pytest.fixture
def entry(alice, bob, charlie, lab):
    """Charlie's model, measured by Alice on a benchmark that the lab keeps."""
    version = make_benchmark(alice, "mine", namespace="lab")
    repo, _ = make_model(charlie, "m")
    repo.refresh_from_db()
    return make_entry(alice, version, repo, [1, 0], job=make_job(alice, kind="evaluate"))


def test_the_number_stays_with_its_reason_and_loses_its_place(alice, entry):
    standings_update(entry.definition_digest)
    row = evaluation_invalidate(user=alice, ident=entry.pk, reason=f"  {REASON} ")
    assert row.invalid == REASON
    standings_update(entry.definition_digest)
    board = leaderboard(user=alice, version=benchmark_get(user=alice, name="mine"))
    assert (board.rows, board.hidden_invalid) == ((), 1)


def test_it_may_count_again_and_both_are_on_record(alice, entry):
    evaluation_invalidate(user=alice, ident=entry.pk, reason=REASON)
    evaluation_invalidate(user=alice, ident=entry.pk, reason=REASON)
    assert evaluation_invalidate(user=alice, ident=entry.pk, reason="").invalid == ""
    deeds = AuditEntry.objects.filter(action="evaluation.invalidate").order_by("id")
    assert [(deed.detail["before"], deed.detail["reason"]) for deed in deeds] == [("", REASON), (REASON, "")]


def test_keepers_of_the_benchmark_and_administrators_may_the_owner_of_the_model_may_not(bob, charlie, root, entry):
    for user in (bob, root):
        evaluation_invalidate(user=user, ident=entry.pk, reason=REASON)
    with pytest.raises(Forbidden):
        evaluation_invalidate(user=charlie, ident=entry.pk, reason="")


def test_what_one_may_not_see_is_not_there(alice, bob, entry):
    entry.repo.visibility = "private"
    entry.repo.save()
    with pytest.raises(NotFound):
        evaluation_invalidate(user=bob, ident=entry.pk, reason=REASON)
    with pytest.raises(NotFound):
        evaluation_invalidate(user=bob, ident=uuid.uuid4(), reason=REASON)


@pytest.mark.parametrize("reason", ["bad", "x" * 301])
def test_a_reason_is_a_sentence(alice, entry, reason):
    with pytest.raises(Invalid):
        evaluation_invalidate(user=alice, ident=entry.pk, reason=reason)


def test_over_rest(api, api_as, alice, charlie, entry):
    address = f"/api/v1/evaluations/{entry.pk}/invalidate"
    assert api_as(alice).post(address, {"reason": REASON}, format="json").json()["invalid"] == REASON
    assert api_as(charlie).post(address, {"reason": ""}, format="json").status_code == 403
    assert api_as(alice, "read").post(address, {"reason": ""}, format="json").status_code == 403
    assert api.post(address, {"reason": ""}, format="json").status_code == 401
