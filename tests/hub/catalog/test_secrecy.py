"""A result of somebody's private input does not become public by a detour."""

import pytest

from hub.catalog.services import repo_update
from hub.core.errors import Refused
from tests.factories.accounts import make_organisation, make_user
from tests.factories.catalog import make_commit, make_model, make_repo, weights
from workers.contracts.manifests import Parent


def made_of(user, name, *parents, visibility="private"):
    repo = make_repo(user, name, visibility=visibility)
    lineage = [Parent(repo=parent.full_name, commit=parent.head, relation="merge_of") for parent in parents]
    make_commit(repo, user, {"model.safetensors": weights(fill=9)}, lineage=lineage)
    return repo


@pytest.fixture
def shared(alice, bob):
    """Private in an organisation where Bob may read and write, but not decide what is public."""
    make_organisation("team", owner=alice, contributor=bob)
    return make_model(alice, "secret", namespace="team", visibility="private")


def test_a_result_of_anothers_private_input_stays_private(bob, shared):
    result = made_of(bob, "result", shared)
    with pytest.raises(Refused, match="team/secret"):
        repo_update(user=bob, repo=result, visibility="public")
    result.refresh_from_db()
    assert result.visibility == "private"


def test_also_over_a_private_repo_of_ones_own(bob, shared):
    between = made_of(bob, "between", shared)
    with pytest.raises(Refused):
        repo_update(user=bob, repo=made_of(bob, "result", between), visibility="public")


def test_and_after_the_weights_were_taken_over_into_another_commit(bob, shared):
    result = made_of(bob, "result", shared)
    make_commit(result, bob, {"model.safetensors": weights(fill=1)})
    with pytest.raises(Refused):
        repo_update(user=bob, repo=result, visibility="public")


def test_its_owner_may_publish_it(alice, bob, shared):
    result = made_of(bob, "result", shared)
    make_commit(result, bob, {"a": "1"})
    mine = made_of(alice, "result", shared)
    assert repo_update(user=alice, repo=mine, visibility="public").visibility == "public"


def test_what_was_published_is_no_secret(alice, bob, shared):
    between = made_of(alice, "between", shared)
    repo_update(user=alice, repo=between, visibility="public")
    assert repo_update(user=bob, repo=made_of(bob, "result", between), visibility="public").visibility == "public"


def test_a_private_name_is_not_told_to_who_lost_it(alice, bob, shared):
    result = made_of(bob, "result", shared)
    shared.namespace.memberships.filter(user=bob).delete()
    with pytest.raises(Refused) as caught:
        repo_update(user=bob, repo=result, visibility="public")
    assert "secret" not in caught.value.message
    assert "1 entry you may not see" in caught.value.message


def test_claims_alone_hold_nobody_back(bob, shared):
    from tests.factories.catalog import card

    result = make_model(bob, "result", visibility="private", readme=card(base_model="team/secret"))
    assert repo_update(user=bob, repo=result, visibility="public").visibility == "public"


def test_a_circle_ends(bob, shared):
    one = made_of(bob, "one", shared)
    two = made_of(bob, "two", one)
    make_commit(
        one,
        bob,
        {"model.safetensors": weights(fill=3)},
        lineage=[Parent(repo=two.full_name, commit=two.head, relation="merge_of")],
    )
    with pytest.raises(Refused):
        repo_update(user=bob, repo=one, visibility="public")


def test_an_unrelated_user_is_not_asked(db):
    dora = make_user("dora")
    repo = make_repo(dora, "own", visibility="private")
    assert repo_update(user=dora, repo=repo, visibility="public").visibility == "public"
