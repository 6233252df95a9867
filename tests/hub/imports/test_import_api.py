"""/api/v1/imports."""

import pytest

from hub.imports.models import Import
from hub.imports.services import import_start

pytestmark = pytest.mark.django_db
URL = "/api/v1/imports"


def test_an_import_is_started_and_seen(alice, api_as, source, carry_out):
    client = api_as(alice, "submit")
    made = client.post(URL, {"source": "hf:ada/tiny", "mode": "metadata"}, format="json")
    assert made.status_code == 201, made.json()
    body = made.json()
    assert (body["target"], body["state"], body["repo"], body["remote_files"]) == ("alice/tiny", "queued", None, [])
    assert "token" not in body
    carry_out(Import.objects.get().job)
    seen = client.get(f"{URL}/{body['id']}").json()
    assert (seen["state"], seen["repo"]) == ("succeeded", "alice/tiny")
    assert [file["path"] for file in seen["remote_files"]] == ["w.npy"]
    assert [row["id"] for row in client.get(URL).json()["results"]] == [body["id"]]


def test_a_stranger_sees_none_of_it(alice, charlie, api_as, api, source):
    origin = import_start(user=alice, source="hf:ada/tiny")
    assert api_as(charlie, "submit").get(f"{URL}/{origin.pk}").status_code == 404
    assert api_as(charlie, "submit").get(URL).json()["results"] == []
    assert api.get(URL).status_code == 401
    assert api.post(URL, {"source": "hf:ada/tiny"}, format="json").status_code == 401


def test_a_token_that_only_reads_starts_nothing(alice, api_as, source):
    refused = api_as(alice, "read").post(URL, {"source": "hf:ada/tiny"}, format="json")
    assert refused.status_code == 403
    assert not Import.objects.exists()


def test_the_address_that_is_not_allowed_is_named(alice, api_as, source):
    refused = api_as(alice, "submit").post(
        URL, {"source": "hf:ada/tiny", "endpoint": "http://169.254.169.254"}, format="json"
    )
    assert refused.status_code == 400
    assert "169.254.169.254 is not a hub that may be imported from" in refused.json()["detail"]


def test_ten_an_hour_are_enough(alice, api_as, source, settings):
    settings.RATE_LIMITS_ON = True
    client = api_as(alice, "submit")
    statuses = [client.post(URL, {"source": "hf:ada/tiny"}, format="json").status_code for _ in range(11)]
    assert statuses == [201] * 10 + [429]
