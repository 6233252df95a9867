import pytest

from tests.hub.hfapi.client import Client


@pytest.fixture(autouse=True)
def storage(settings, tmp_path):
    settings.STORAGE_URL = f"file://{tmp_path}/storage"
    settings.SITE_URL = "http://testserver"


@pytest.fixture
def anonymous() -> Client:
    return Client()


@pytest.fixture
def as_():
    """`as_(alice)` sends a token that may write; `as_(alice, "read")` one of that scope."""
    return lambda user, *scopes: Client(user, *scopes)
