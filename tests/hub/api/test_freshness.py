"""Kept answers: fast when nothing changed, right when something did."""

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisConnectionError

from hub.accounts.models import AccessToken
from hub.accounts.services import member_set, token_create
from hub.catalog.api.freshness import version_key
from hub.catalog.services import repo_delete, repo_update
from tests.hub.api.zoo import make_model

pytestmark = pytest.mark.django_db(transaction=True)
MODELS = "/api/v1/models"


@pytest.fixture(autouse=True)
def _new_version(db):
    """The database was emptied by hand between two tests, which no signal tells."""
    cache.delete(version_key())


def _names(client, **query) -> set[str]:
    return {row["id"] for row in client.get(MODELS, query).json()["results"]}


def test_the_same_question_is_answered_without_the_database(api, alice, django_assert_num_queries):
    make_model(alice, "alice/one")
    first = api.get(MODELS)
    with django_assert_num_queries(0):
        again = api.get(MODELS)
    assert again.content == first.content
    assert again["Content-Type"] == "application/json"
    assert _names(api, q="nothing") == set()


def test_a_change_shows_at_once(api, alice):
    assert _names(api) == set()
    repo, _ = make_model(alice, "alice/one")
    assert _names(api) == {"alice/one"}
    repo_update(user=alice, repo=repo, visibility="private")
    assert _names(api) == set()
    repo_update(user=alice, repo=repo, visibility="public")
    assert _names(api) == {"alice/one"}
    repo_delete(user=alice, repo=repo)
    assert _names(api) == set()


def test_who_leaves_an_organisation_stops_seeing_its_repos(api_as, alice, bob, lab):
    make_model(alice, "lab/secret", visibility="private")
    client = api_as(bob)
    assert _names(client) == {"lab/secret"}
    member_set(namespace=lab, user=bob, role=None)
    assert _names(client) == set()


def test_answers_of_one_person_are_not_shown_to_another(api, api_as, alice, charlie):
    make_model(alice, "alice/secret", visibility="private")
    assert _names(api_as(alice)) == {"alice/secret"}
    assert _names(api_as(charlie)) == _names(api) == set()


def test_a_limited_token_is_not_shown_what_its_user_saw(api, api_as, alice):
    make_model(alice, "alice/secret", visibility="private")
    open_repo, _ = make_model(alice, "alice/lent", visibility="private")
    assert _names(api_as(alice)) == {"alice/secret", "alice/lent"}
    token, raw = token_create(user=alice, name="lent", scopes=["read"])
    AccessToken.objects.filter(pk=token.pk).update(repo_ids=[open_repo.pk])
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {raw}")
    assert _names(api) == {"alice/lent"}


def test_a_refusal_is_not_kept(api, alice):
    assert api.get(MODELS, {"limit": "0"}).status_code == 400
    assert api.get(MODELS, {"limit": "0"}).status_code == 400


def test_without_the_cache_the_answer_comes_from_the_database(api, alice, monkeypatch):
    make_model(alice, "alice/one")

    def lost(*args, **kwargs):
        raise RedisConnectionError("gone")

    monkeypatch.setattr(cache, "get_many", lost)
    assert _names(api) == {"alice/one"}
