"""The general limits hold on every family of routes, and say so in their headers."""

import uuid

import pytest
from django.core.cache import cache

from hub.core import ratelimit
from hub.core.errors import TooMany
from hub.core.ratelimit import Limit, session_check
from tests.hub.api.zoo import make_model

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small(settings, monkeypatch):
    settings.RATE_LIMITS_ON = True
    cache.clear()
    monkeypatch.setattr(ratelimit, "ANONYMOUS", Limit(f"anonymous-{uuid.uuid4().hex}", 2, 3600))


@pytest.mark.parametrize("address", ["/models", "/api/models", "/api/v1x"])
def test_every_family_counts_and_says_so(client, address):
    answers = [client.get(address) for _ in range(3)]
    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert ";r=1;" in answers[0]["RateLimit"]
    assert ";q=2;w=3600" in answers[0]["RateLimit-Policy"]
    assert int(answers[2]["Retry-After"]) > 0


def test_bursts_of_ranges_are_free_to_who_is_signed_in(client, api_as, alice, monkeypatch):
    make_model(alice, "alice/one")
    monkeypatch.setattr(ratelimit, "USER", Limit(f"user-{uuid.uuid4().hex}", 0, 3600))
    address = "/alice/one/resolve/main/config.json"
    assert [api_as(alice).get(address).status_code for _ in range(3)] == [200] * 3
    assert api_as(alice).get("/api/models/alice/one").status_code == 429
    assert [client.get(address).status_code for _ in range(3)] == [200, 200, 429]


def test_sending_one_repo_is_one_upload_however_many_files(settings):
    limit, who = Limit(f"upload-{uuid.uuid4().hex}", 2, 3600), "u1"
    for _ in range(5):
        session_check(limit, who, "one")
    session_check(limit, who, "two")
    with pytest.raises(TooMany):
        session_check(limit, who, "three")
    session_check(limit, who, "one")
