from datetime import timedelta

import pytest
from django.utils import timezone

from hub.accounts import invitations, joining, leaving, service_accounts, services, sessions
from hub.accounts.export import account_export
from hub.accounts.models import AccessToken, Device, Invitation, Namespace, User
from hub.core.errors import Conflict, Forbidden, Invalid, NotFound
from tests.factories.accounts import PASSWORD, make_token, make_user
from tests.hub.api.zoo import make_model

pytestmark = pytest.mark.django_db


def test_an_invitation_is_good_once(alice, charlie, root, lab):
    letter, secret = invitations.invitation_create(asker=alice, namespace=lab, role="maintainer")
    assert secret not in str(vars(letter))
    assert invitations.invitation_accept(user=charlie, secret=secret).role == "maintainer"
    with pytest.raises(NotFound):
        invitations.invitation_accept(user=root, secret=secret)


def test_an_invitation_ends_after_a_week_or_when_withdrawn(alice, charlie, lab):
    old, old_secret = invitations.invitation_create(asker=alice, namespace=lab, role="viewer")
    Invitation.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    gone, gone_secret = invitations.invitation_create(asker=alice, namespace=lab, role="viewer")
    with pytest.raises(NotFound):
        invitations.invitation_withdraw(asker=charlie, ident=str(gone.pk))
    invitations.invitation_withdraw(asker=alice, ident=str(gone.pk))
    for secret in (old_secret, gone_secret, "nonsense"):
        with pytest.raises(NotFound):
            invitations.invitation_accept(user=charlie, secret=secret)


def test_only_who_administers_invites_and_only_owners_invite_owners(alice, bob, lab):
    mia = make_user("mia")
    services.member_set(namespace=lab, user=mia, role="maintainer")
    with pytest.raises(Forbidden):
        invitations.invitation_create(asker=bob, namespace=lab, role="viewer")
    with pytest.raises(Forbidden):
        invitations.invitation_create(asker=mia, namespace=lab, role="owner")
    with pytest.raises(Forbidden):
        invitations.invitation_create(asker=alice)
    assert invitations.invitation_create(asker=mia, namespace=lab, role="viewer")


def test_a_letter_of_somebody_who_lost_the_right_is_worth_nothing(alice, charlie, lab):
    mia = make_user("mia")
    services.member_set(namespace=lab, user=mia, role="maintainer")
    _, secret = invitations.invitation_create(asker=mia, namespace=lab, role="contributor")
    services.member_set(namespace=lab, user=mia, role=None)
    with pytest.raises(NotFound):
        invitations.invitation_accept(user=charlie, secret=secret)


def test_a_letter_for_one_is_not_for_another(alice, charlie, root, lab):
    letter, secret = invitations.invitation_create(asker=alice, namespace=lab, role="viewer", user=charlie)
    with pytest.raises(Forbidden):
        invitations.invitation_accept(user=root, secret=secret)
    assert [row.pk for row in invitations.invitations_for(charlie)] == [letter.pk]
    assert invitations.invitation_accept(user=charlie, ident=str(letter.pk)).role == "viewer"


def test_sign_up_follows_the_mode(alice, root, lab, settings):
    settings.SIGN_UP = "closed"
    with pytest.raises(Forbidden):
        joining.sign_up(name="dora", password=PASSWORD)
    settings.SIGN_UP = "invited"
    with pytest.raises(Forbidden):
        joining.sign_up(name="dora", password=PASSWORD)
    _, secret = invitations.invitation_create(asker=alice, namespace=lab, role="viewer")
    dora = joining.sign_up(name="dora", password=PASSWORD, secret=secret)
    assert dora.memberships.get().role == "viewer"
    assert not dora.is_staff
    with pytest.raises(NotFound):
        joining.sign_up(name="emil", password=PASSWORD, secret=secret)
    _, hub_secret = invitations.invitation_create(asker=root, email="emil@example.org")
    assert joining.sign_up(name="emil", password=PASSWORD, secret=hub_secret).email == "emil@example.org"
    settings.SIGN_UP = "open"
    assert joining.sign_up(name="fay", password=PASSWORD).namespace.name == "fay"


def test_a_refused_sign_up_leaves_the_invitation_good(root, settings):
    settings.SIGN_UP = "invited"
    _, secret = invitations.invitation_create(asker=root)
    for name, password in (("dora", "short"), ("root", PASSWORD)):
        with pytest.raises((Invalid, Conflict)):
            joining.sign_up(name=name, password=password, secret=secret)
    assert joining.sign_up(name="dora", password=PASSWORD, secret=secret)


def test_a_service_account_acts_for_its_organisation_alone(api_as, alice, bob, lab):
    with pytest.raises(Forbidden):
        service_accounts.service_account_create(asker=bob, namespace=lab, name="robot")
    robot = service_accounts.service_account_create(asker=alice, namespace=lab, name="robot")
    _, raw = service_accounts.service_token_create(
        asker=alice, namespace=lab, service="robot", name="ci", scopes=["write"]
    )
    make_model(alice, "lab/secret", visibility="private")
    client = api_as(robot)
    assert client.get("/api/v1/models/lab/secret").status_code == 200
    assert client.get("/api/v1/me").json()["namespaces"] == ["lab"]
    assert client.get("/api/whoami-v2").status_code == 200
    assert client.post("/api/v1/organizations", {"name": "other"}, format="json").status_code == 403
    assert not robot.has_usable_password()
    with pytest.raises(Invalid):
        services.password_set(name="robot", password=PASSWORD)
    with pytest.raises(Conflict):
        services.user_create(name="Robot")
    service_accounts.service_account_delete(asker=alice, namespace=lab, name="robot")
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {raw}")
    assert client.get("/api/v1/me").status_code == 401


def test_leaving_says_all_that_stands_in_the_way(alice, bob, lab):
    make_model(alice, "alice/one")
    alice.set_password(PASSWORD)
    alice.save()
    with pytest.raises(Forbidden):
        leaving.account_delete(user=alice, password="wrong")
    with pytest.raises(Conflict) as raised:
        leaving.account_delete(user=alice, password=PASSWORD)
    assert "lab" in raised.value.message
    assert "1 repo" in raised.value.message


def test_who_leaves_takes_everything_personal_along(alice, charlie, root):
    make_token(charlie)
    leaving.account_delete(user=charlie, asker=root)
    assert not User.objects.filter(username="charlie").exists()
    assert not Namespace.objects.filter(name="charlie").exists()
    assert not AccessToken.objects.filter(user_id=charlie.pk).exists()
    assert services.user_create(name="charlie").pk != charlie.pk
    with pytest.raises(Forbidden):
        leaving.account_delete(user=root, asker=alice)


def test_the_export_holds_no_secret(alice, lab):
    raw = make_token(alice)
    alice.set_password(PASSWORD)
    alice.save()
    make_model(alice, "alice/one")
    found = account_export(alice)
    assert [row["full_name"] for row in found["repos"]] == ["alice/one"]
    assert found["organizations"][0]["name"] == "lab"
    assert found["tokens"][0]["display"] == raw[:8]
    for secret in (raw, alice.password, alice.access_tokens.get().digest):
        assert secret not in str(found)


def test_devices_are_listed_and_ended(client, alice, charlie):
    client.force_login(alice)
    client.get("/", HTTP_USER_AGENT="Lynx\t2.9")
    device = sessions.sessions_of(alice)[0]
    assert (device.browser, device.address) == ("Lynx2.9", "127.0.0.1")
    with pytest.raises(NotFound):
        sessions.session_end(user=charlie, ident=device.pk)
    sessions.session_end(user=alice, ident=device.pk)
    assert client.get("/settings").status_code == 302
    assert not Device.objects.exists()


def test_an_organisation_with_repos_is_not_deleted(api_as, alice, bob, lab):
    make_model(alice, "lab/one")
    client = api_as(alice)
    assert client.delete("/api/v1/organizations/lab").status_code == 409
    assert api_as(bob).delete("/api/v1/organizations/lab").status_code == 403
    client.delete("/api/repos/delete", {"type": "model", "organization": "lab", "name": "one"}, format="json")
    assert client.delete("/api/v1/organizations/lab").status_code == 204
    assert not Namespace.objects.filter(name="lab").exists()
