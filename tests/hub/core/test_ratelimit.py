import uuid

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisConnectionError

from hub.core import api as core_api
from hub.core.ratelimit import Limit, address_of, limit_count

LIMIT = Limit("test", 3, 60)


@pytest.fixture
def who(settings) -> str:
    settings.RATE_LIMITS_ON = True
    return uuid.uuid4().hex


def test_counts_up_to_the_limit_and_then_says_when_to_return(who):
    usages = [limit_count(LIMIT, who, now=1_000_000.0) for _ in range(4)]
    assert [usage.remaining for usage in usages] == [2, 1, 0, 0]
    assert [usage.is_over for usage in usages] == [False, False, False, True]
    assert "Retry-After" not in usages[2].headers()
    assert usages[3].headers() == {
        "RateLimit-Limit": "3",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "20",
        "RateLimit": '"test";r=0;t=20',
        "RateLimit-Policy": '"test";q=3;w=60',
        "Retry-After": "20",
    }


def test_the_next_window_begins_afresh(who):
    for _ in range(4):
        limit_count(LIMIT, who, now=1_000_000.0)
    assert limit_count(LIMIT, who, now=1_000_020.0).remaining == 2


def test_people_and_limits_are_counted_apart(who):
    limit_count(LIMIT, who, now=1_000_000.0)
    assert limit_count(LIMIT, f"{who}-other", now=1_000_000.0).used == 1
    assert limit_count(Limit("other", 3, 60), who, now=1_000_000.0).used == 1


def test_nothing_is_counted_when_limits_are_off(who, settings):
    settings.RATE_LIMITS_ON = False
    assert limit_count(LIMIT, who) is None


def test_a_lost_cache_does_not_stop_reading(who, monkeypatch, caplog):
    def lost(*args, **kwargs):
        raise RedisConnectionError("gone")

    monkeypatch.setattr(cache, "add", lost)
    assert limit_count(LIMIT, who) is None
    assert "not counted" in caplog.text


@pytest.mark.django_db
def test_too_many_requests_are_answered_with_429(api, who, monkeypatch):
    monkeypatch.setattr(core_api, "ANONYMOUS", Limit(f"anonymous-{who}", 2, 3600))
    answers = [api.get("/api/v1/nothing") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert answers[0]["RateLimit-Remaining"] == "1"
    assert answers[2]["Content-Type"] == "application/problem+json"
    assert int(answers[2]["Retry-After"]) > 0


@pytest.mark.django_db
def test_wrong_tokens_count_too(api, who, monkeypatch):
    monkeypatch.setattr(core_api, "ANONYMOUS", Limit(f"anonymous-{who}", 2, 3600))
    api.credentials(HTTP_AUTHORIZATION="Bearer hub_wrong")
    assert [api.get("/api/v1/me").status_code for _ in range(3)] == [401, 401, 429]


@pytest.mark.django_db
def test_a_signed_in_user_has_a_larger_allowance(api_as, alice, who, monkeypatch):
    monkeypatch.setattr(core_api, "ANONYMOUS", Limit(f"anonymous-{who}", 0, 3600))
    answer = api_as(alice).get("/api/v1/me")
    assert answer.status_code == 200
    assert answer["RateLimit-Policy"] == '"user";q=600;w=60'


@pytest.mark.django_db
def test_sign_in_is_counted_by_address(client, who, monkeypatch):
    from hub.pages.views import sign_in

    monkeypatch.setattr(sign_in, "LOGIN", Limit(f"login-{who}", 2, 3600))
    statuses = [
        client.post("/login", {"username": f"nobody-{number}", "password": "x"}).status_code for number in range(3)
    ]
    assert statuses[-1] == 429
    assert 429 not in statuses[:2]


@pytest.mark.parametrize(("proxies", "address"), [(0, "10.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.7")])
def test_a_forwarded_address_counts_only_as_far_as_our_proxies_go(monkeypatch, proxies, address):
    from django.test import RequestFactory
    from rest_framework.settings import api_settings

    monkeypatch.setattr(api_settings, "NUM_PROXIES", proxies)
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR="198.51.100.7, 203.0.113.9", REMOTE_ADDR="10.0.0.1")
    assert address_of(request) == address
