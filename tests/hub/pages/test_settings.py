import pytest

from hub.accounts.selectors import token_authenticate
from tests.factories.accounts import make_token


def shown_token(page: str) -> str:
    return page.split('<pre tabindex="0">')[1].split("</pre>")[0]


def test_a_new_token_is_shown_once_and_works(browser, alice):
    client = browser(alice)
    answer = client.post("/settings/tokens", {"name": "laptop", "scopes": ["read", "submit"], "days": "30"})
    raw = shown_token(answer.content.decode())
    token = token_authenticate(raw)
    assert token.user == alice
    assert token.scopes == ["read", "submit"]
    assert answer["Cache-Control"] == "no-store"
    assert raw not in client.get("/settings").content.decode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"scopes": ["read"]}, "Give the token a name"),
        ({"name": "x"}, "Choose at least one scope."),
        ({"name": "x", "scopes": ["read"], "days": "0"}, "greater than or equal to 1"),
        ({"name": "x", "scopes": ["admin"]}, "Only an administrator"),
    ],
)
def test_a_bad_token_form_says_why_and_makes_nothing(browser, alice, data, words):
    answer = browser(alice).post("/settings/tokens", data)
    assert answer.status_code in (400, 422)
    assert words in answer.content.decode()
    assert not alice.access_tokens.exists()


def test_a_revoked_token_is_refused(browser, alice):
    raw = make_token(alice)
    token = alice.access_tokens.get()
    browser(alice).post(f"/settings/tokens/{token.pk}/revoke")
    assert token_authenticate(raw) is None


def test_nobody_revokes_the_token_of_another(browser, alice, charlie):
    raw = make_token(alice)
    assert browser(charlie).post(f"/settings/tokens/{alice.access_tokens.get().pk}/revoke").status_code == 404
    assert token_authenticate(raw) is not None


def test_a_webhook_inside_the_network_is_refused(browser, alice):
    answer = browser(alice).post("/settings/webhooks", {"url": "http://169.254.169.254/latest"})
    assert answer.status_code == 400
    assert not alice.webhooks.exists()


def test_a_webhooks_secret_is_shown_once(browser, alice, settings):
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    client = browser(alice)
    answer = client.post("/settings/webhooks", {"url": "http://127.0.0.1:9/hook"})
    secret = alice.webhooks.get().secret
    assert secret in answer.content.decode()
    assert secret not in client.get("/settings").content.decode()
    client.post(f"/settings/webhooks/{alice.webhooks.get().pk}/delete")
    assert not alice.webhooks.exists()


def test_nobody_deletes_the_webhook_of_another(browser, alice, charlie, settings):
    settings.WEBHOOK_HOSTS = ["127.0.0.1"]
    browser(alice).post("/settings/webhooks", {"url": "http://127.0.0.1:9/hook"})
    assert browser(charlie).post(f"/settings/webhooks/{alice.webhooks.get().pk}/delete").status_code == 404
    assert alice.webhooks.exists()


def test_saves_the_profile_and_says_what_is_wrong_with_it(browser, alice):
    client = browser(alice)
    assert client.post("/settings/profile", {"full_name": "Alice A", "email": "no address"}).status_code == 422
    client.post("/settings/profile", {"full_name": "Alice A", "email": "alice@example.org", "wants_mail": "on"})
    alice.refresh_from_db()
    assert (alice.full_name, alice.email, alice.wants_mail) == ("Alice A", "alice@example.org", True)


def test_a_profile_form_gives_nobody_rights(browser, alice):
    browser(alice).post("/settings/profile", {"full_name": "x", "is_staff": "on", "is_superuser": "on"})
    alice.refresh_from_db()
    assert not alice.is_staff
    assert not alice.is_superuser
