"""The table of `actors` against the routes that are really there."""

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver
from rest_framework.test import APIClient

from hub.accounts.services import token_create
from hub.blobs.services import blob_put
from hub.config.api import urlpatterns
from hub.jobs.models import JobOutput, Webhook
from tests.hub.api.actors import TABLE, Row
from tests.hub.api.test_jobs import make_job
from tests.hub.api.zoo import make_dataset, make_model

METHODS = ("get", "post", "put", "patch", "delete")
ACTORS = ("nobody", "charlie", "bob", "alice", "root", "alice reading")
CATCH_ALL = ("", "<path:rest>")


def _routes(patterns, prefix=""):
    for entry in patterns:
        if isinstance(entry, URLResolver):
            yield from _routes(entry.url_patterns, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern) and prefix + str(entry.pattern) not in CATCH_ALL:
            yield prefix + str(entry.pattern), entry.callback.view_class


def _served() -> set[tuple[str, str]]:
    return {(route, method) for route, view in _routes(urlpatterns) for method in METHODS if hasattr(view, method)}


@pytest.fixture
def stage(alice, bob, charlie, root, lab) -> dict[str, str]:
    make_model(alice, "lab/secret", visibility="private")
    make_dataset(alice, "lab/data", visibility="private")
    job = make_job(alice)
    JobOutput.objects.create(job=job, role="file", blob=blob_put(chunks=[b"{}"], user=alice), path="report.json")
    token, _ = token_create(user=alice, name="to be seen", scopes=["read"])
    webhook = Webhook.objects.create(owner=alice, url="https://example.org/hook", secret="x")
    return {"job": str(job.pk), "token": str(token.pk), "webhook": str(webhook.pk)}


def test_every_method_of_every_route_has_a_row():
    assert {(row.route, row.method) for row in TABLE} == _served()


def _status(client: APIClient, row: Row, stage: dict[str, str]) -> int:
    """What this call answers; whatever it changed is undone."""
    with transaction.atomic():
        answer = getattr(client, row.method)(f"/api/v1/{row.address.format(**stage)}", format="json")
        transaction.set_rollback(True)
    return answer.status_code


@pytest.mark.django_db
@pytest.mark.parametrize("place", range(len(ACTORS)), ids=ACTORS)
def test_each_actor_gets_what_the_table_says(place, stage, api, api_as, alice, bob, charlie, root):
    user = (None, charlie, bob, alice, root, alice)[place]
    client = api if user is None else api_as(user, *(["read"] if ACTORS[place] == "alice reading" else []))
    found = {(row.method, row.route): _status(client, row, stage) for row in TABLE}
    assert found == {(row.method, row.route): row.statuses[place] for row in TABLE}


@pytest.mark.django_db
def test_a_cookie_alone_changes_nothing(stage, alice):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(alice)
    changing = [row for row in TABLE if row.method != "get"]
    assert {(row.route, _status(client, row, stage)) for row in changing} == {(row.route, 403) for row in changing}
