from datetime import timedelta

import pytest
from django.utils import timezone

from hub.accounts import selectors, services, tokens
from hub.accounts.models import AccessToken
from hub.core.errors import Conflict, Invalid, NotFound

pytestmark = pytest.mark.django_db


def test_a_token_has_prefix_secret_and_checksum(alice):
    token, raw = services.token_create(user=alice, name="laptop", scopes=["read"])
    assert raw.startswith("hub_")
    assert len(raw) == 53
    assert tokens.is_well_formed(raw)
    assert token.display == raw[:8]


def test_only_a_keyed_digest_is_kept(alice):
    token, raw = services.token_create(user=alice, name="laptop", scopes=["read"])
    row = AccessToken.objects.filter(pk=token.pk).values().get()
    assert raw not in str(row)
    assert row["digest"] == tokens.digest(raw, row["pepper"])
    assert len(row["digest"]) == 64


def test_a_typo_is_refused_without_a_query(alice, django_assert_num_queries):
    _, raw = services.token_create(user=alice, name="laptop", scopes=["read"])
    wrong = raw[:20] + ("a" if raw[20] != "a" else "b") + raw[21:]
    with django_assert_num_queries(0):
        assert selectors.token_authenticate(wrong) is None
        assert selectors.token_authenticate("") is None
        assert selectors.token_authenticate("hub_é") is None
        assert selectors.token_authenticate("hf_" + raw[4:]) is None


def test_authenticates_its_user(alice):
    token, raw = services.token_create(user=alice, name="laptop", scopes=["read"])
    assert selectors.token_authenticate(raw) == token


def test_a_revoked_token_is_refused(alice):
    token, raw = services.token_create(user=alice, name="laptop", scopes=["read"])
    services.token_revoke(token=token)
    assert selectors.token_authenticate(raw) is None
    assert list(selectors.token_list(user=alice)) == []


def test_expires_after_ninety_days_unless_asked_otherwise(alice):
    token, raw = services.token_create(user=alice, name="laptop", scopes=["read"])
    assert timedelta(days=89) < token.expires_at - timezone.now() <= timedelta(days=90)
    AccessToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert selectors.token_authenticate(raw) is None
    assert services.token_create(user=alice, name="robot", scopes=["read"], expires_in_days=None)[0].expires_at is None


def test_the_token_of_a_user_who_was_switched_off_is_refused(alice):
    _, raw = services.token_create(user=alice, name="laptop", scopes=["read"])
    alice.is_active = False
    alice.save()
    assert selectors.token_authenticate(raw) is None


def test_last_use_is_written_at_most_once_a_minute(alice, django_assert_num_queries):
    token, raw = services.token_create(user=alice, name="laptop", scopes=["read"])
    assert selectors.token_authenticate(raw).last_used_at is not None
    with django_assert_num_queries(1):
        selectors.token_authenticate(raw)
    earlier = timezone.now() - timedelta(minutes=2)
    AccessToken.objects.filter(pk=token.pk).update(last_used_at=earlier)
    selectors.token_authenticate(raw)
    token.refresh_from_db()
    assert token.last_used_at > earlier + timedelta(minutes=1)


def test_old_tokens_survive_a_new_pepper(alice, settings):
    old, raw = services.token_create(user=alice, name="laptop", scopes=["read"])
    settings.TOKEN_PEPPERS = {**settings.TOKEN_PEPPERS, 2: "another pepper"}
    assert selectors.token_authenticate(raw) == old
    new, _ = services.token_create(user=alice, name="phone", scopes=["read"])
    assert (old.pepper, new.pepper) == (1, 2)
    settings.TOKEN_PEPPERS = {2: "another pepper"}
    assert selectors.token_authenticate(raw) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": []},
        {"scopes": ["read", "fly"]},
        {"scopes": ["admin"]},
        {"name": " "},
        {"name": "x" * 81},
        {"expires_in_days": 0},
        {"expires_in_days": 9999},
    ],
)
def test_refuses_what_a_token_cannot_be(alice, wrong):
    with pytest.raises(Invalid):
        services.token_create(**{"user": alice, "name": "laptop", "scopes": ["read"], **wrong})
    assert not AccessToken.objects.exists()


def test_staff_may_have_an_admin_token(root):
    token, _ = services.token_create(user=root, name="ops", scopes=["admin"])
    assert token.scopes == ["admin"]


def test_there_is_a_limit_per_user(alice, monkeypatch):
    monkeypatch.setattr("hub.accounts.granting.TOKENS_PER_USER", 1)
    token, _ = services.token_create(user=alice, name="one", scopes=["read"])
    with pytest.raises(Conflict):
        services.token_create(user=alice, name="two", scopes=["read"])
    services.token_revoke(token=token)
    services.token_create(user=alice, name="two", scopes=["read"])


def test_nobody_gets_somebody_elses_token(alice, bob):
    token, _ = services.token_create(user=alice, name="laptop", scopes=["read"])
    assert selectors.token_get(user=alice, ident=token.pk) == token
    with pytest.raises(NotFound):
        selectors.token_get(user=bob, ident=token.pk)
