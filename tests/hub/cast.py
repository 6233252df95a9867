"""The cast of every test: Alice owns, Bob is in her organisation, Charlie is a stranger, Root is staff."""

import pytest
from rest_framework.test import APIClient

from hub.accounts.models import Namespace, User
from tests.factories.accounts import make_organisation, make_token, make_user


@pytest.fixture
def alice(db) -> User:
    return make_user("alice")


@pytest.fixture
def bob(db) -> User:
    return make_user("bob")


@pytest.fixture
def charlie(db) -> User:
    return make_user("charlie")


@pytest.fixture
def root(db) -> User:
    return make_user("root", is_admin=True)


@pytest.fixture
def lab(alice, bob) -> Namespace:
    """Alice owns it, Bob contributes."""
    return make_organisation("lab", owner=alice, contributor=bob)


@pytest.fixture
def api() -> APIClient:
    """Nobody: no token, no session."""
    return APIClient()


@pytest.fixture
def api_as():
    """`api_as(alice, "submit")`: a client that sends a token of these scopes; without scopes one that may all its user may."""

    def make(user: User, *scopes: str) -> APIClient:
        client = APIClient()
        default = ("admin",) if user.is_staff else ("write", "submit")
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {make_token(user, *(scopes or default))}")
        return client

    return make
