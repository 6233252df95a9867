import pytest

from hub.core import ratelimit
from hub.recipes.limits import SUBMIT

pytestmark = pytest.mark.django_db


def test_the_form_is_no_way_around_the_limit_of_the_api(alice, bob, browser, settings, monkeypatch):
    settings.RATE_LIMITS_ON = True
    monkeypatch.setattr(ratelimit.time, "time", lambda: 1_000_000.0)
    sent = {"tab": "yaml", "text": "kind: merge", "send": "1"}
    for _ in range(SUBMIT.count):
        ratelimit.limit_check(SUBMIT, f"u{alice.pk}")
    answer = browser(alice).post("/make/merge", sent)
    assert answer.status_code == 429
    assert "More than 30 requests" in answer.content.decode()
    assert browser(bob).post("/make/merge", sent).status_code == 422
