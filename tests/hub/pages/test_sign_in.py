import pytest

from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def dora(db, settings):
    """Her password is hashed quickly: how slow the real hash is is not what is tested here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return make_user("dora", password=PASSWORD)


def test_signs_in_and_goes_where_one_came_from(browser, dora):
    client = browser()
    answer = client.post("/login", {"username": "dora", "password": PASSWORD, "next": "/settings"})
    assert answer.status_code == 302
    assert answer["Location"] == "/settings"
    assert "dora" in client.get("/settings").content.decode()


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_never_sends_people_elsewhere(browser, dora, address):
    assert browser().post("/login", {"username": "dora", "password": PASSWORD, "next": address})["Location"] == "/"


def test_says_how_many_tries_are_left(browser, dora):
    client = browser()
    first = client.post("/login", {"username": "dora", "password": "wrong"})
    assert first.status_code == 422
    assert "Name and password do not match." in first.content.decode()
    assert "4 tries left before a pause of 15 minutes." in first.content.decode()
    assert "3 tries left" in client.post("/login", {"username": "dora", "password": "wrong"}).content.decode()


def test_an_unknown_name_reads_like_a_wrong_password(browser, dora):
    answer = browser().post("/login", {"username": "nobody", "password": "wrong"})
    assert "Name and password do not match." in answer.content.decode()


def test_pauses_after_too_many_tries_even_with_the_right_password(browser, dora):
    client = browser()
    for _ in range(5):
        client.post("/login", {"username": "dora", "password": "wrong"})
    answer = client.post("/login", {"username": "dora", "password": PASSWORD})
    assert answer.status_code == 429
    assert "Too many tries." in answer.content.decode()
    assert client.get("/settings").status_code == 302


def test_without_the_tick_the_session_ends_with_the_browser(browser, dora):
    client = browser()
    client.post("/login", {"username": "dora", "password": PASSWORD})
    assert client.session.get_expire_at_browser_close()
    client = browser()
    client.post("/login", {"username": "dora", "password": PASSWORD, "stay": "on"})
    assert not client.session.get_expire_at_browser_close()


def test_signs_out(browser, alice):
    client = browser(alice)
    assert client.post("/logout").status_code == 302
    assert client.get("/settings").status_code == 302


def test_a_theme_is_applied_by_the_server(browser, alice):
    client = browser(alice)
    assert "data-theme" not in client.get("/").content.decode()[:300]
    client.post("/theme", {"theme": "dark", "next": "/models"})
    assert '<html lang="en-GB" data-theme="dark">' in client.get("/").content.decode()
    alice.refresh_from_db()
    assert alice.theme == "dark"


def test_an_unknown_theme_is_refused(browser):
    answer = browser().post("/theme", {"theme": '"><script>'})
    assert answer.status_code == 400
    assert "<script>" not in answer.content.decode().split("<main")[1]
