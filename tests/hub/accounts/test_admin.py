import pytest
from django.test import Client

from tests.factories.accounts import make_token

pytestmark = pytest.mark.django_db
PLAIN = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


@pytest.fixture
def admin(settings, root) -> Client:
    settings.STORAGES = {**settings.STORAGES, "staticfiles": PLAIN}
    client = Client()
    client.force_login(root)
    return client


@pytest.mark.parametrize("model", ["user", "namespace", "accesstoken"])
def test_lists_open_for_staff(admin, alice, model):
    make_token(alice)
    assert admin.get(f"/admin/accounts/{model}/").status_code == 200
    assert admin.get(f"/admin/accounts/{model}/add/").status_code == 403


def test_a_tokens_digest_is_not_shown(admin, alice):
    make_token(alice)
    token = alice.access_tokens.get()
    page = admin.get(f"/admin/accounts/accesstoken/{token.pk}/change/").content.decode()
    assert token.display in page
    assert token.digest not in page


def test_a_user_is_not_renamed_here_because_the_namespace_would_stay(admin, alice):
    page = admin.get(f"/admin/accounts/user/{alice.pk}/change/").content.decode()
    assert 'name="username"' not in page


def test_others_are_sent_to_the_login(alice):
    client = Client()
    client.force_login(alice)
    assert client.get("/admin/accounts/user/").status_code == 302
