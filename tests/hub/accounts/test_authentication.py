import base64

import pytest
from django.contrib.auth.models import AnonymousUser
from rest_framework.test import APIRequestFactory

from hub.accounts.authentication import TokenAuthentication, token_of_header
from hub.accounts.models import AccessToken
from hub.accounts.permissions import scope
from hub.accounts.scopes import has_scope
from hub.core.errors import Forbidden, Unauthenticated
from tests.factories.accounts import make_token

FACTORY = APIRequestFactory()


def _authenticate(header: str):
    return TokenAuthentication().authenticate(FACTORY.get("/", HTTP_AUTHORIZATION=header))


@pytest.mark.django_db
def test_bearer_and_basic_name_the_same_user(alice):
    raw = make_token(alice)
    basic = base64.b64encode(f"whoever:{raw}".encode()).decode()
    assert _authenticate(f"Bearer {raw}")[0] == alice
    assert _authenticate(f"bearer  {raw}")[0] == alice
    user, token = _authenticate(f"Basic {basic}")
    assert user == alice
    assert isinstance(token, AccessToken)


def test_no_header_leaves_the_session_to_decide():
    assert TokenAuthentication().authenticate(FACTORY.get("/")) is None


@pytest.mark.parametrize(
    "header",
    ["Bearer hub_nonsense", "Bearer", "Digest x", "Basic !!!", "Basic " + "A" * 2000, "Basic \x80", "Bearer hf_abc"],
)
def test_a_header_that_cannot_be_accepted_is_an_error(header):
    with pytest.raises(Unauthenticated) as caught:
        _authenticate(header)
    assert caught.value.headers["X-Error-Message"] == "Invalid credentials in Authorization header"


def test_the_password_of_basic_may_hold_a_colon():
    assert token_of_header("Basic " + base64.b64encode(b"git:a:b").decode()) == "a:b"


@pytest.mark.parametrize(
    ("held", "allowed"),
    [
        ("read", {"read"}),
        ("submit", {"read", "submit"}),
        ("write", {"read", "write"}),
        ("admin", {"read", "submit", "write", "admin"}),
    ],
)
def test_scopes_include_smaller_ones(held, allowed):
    token = AccessToken(scopes=[held])
    assert {needed for needed in ("read", "submit", "write", "admin") if has_scope(token, needed)} == allowed


def test_a_token_without_the_scope_is_forbidden_and_nobody_is_unauthenticated():
    request = FACTORY.get("/")
    request.user, request.auth = AnonymousUser(), AccessToken(scopes=["read"])
    with pytest.raises(Forbidden, match="lacks the scope 'write'"):
        scope("write")().has_permission(request, None)
    request.auth = None
    with pytest.raises(Unauthenticated):
        scope("read")().has_permission(request, None)
    assert scope("read", anonymous=True)().has_permission(request, None)


def test_an_unknown_scope_is_a_mistake_in_the_code():
    with pytest.raises(ValueError, match="unknown scope"):
        scope("fly")
