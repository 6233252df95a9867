import pytest

from hub.accounts import selectors, services
from hub.accounts.models import Namespace, User
from hub.core.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from tests.factories.accounts import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def test_a_user_gets_the_namespace_of_the_same_name():
    user = services.user_create(name="Dora", email="dora@example.org")
    assert user.namespace.name == "Dora"
    assert user.namespace.kind == "user"
    assert not user.is_staff
    assert not user.has_usable_password()


def test_passwords_are_kept_as_argon2():
    user = services.user_create(name="dora", password=PASSWORD)
    assert user.password.startswith("argon2$")
    assert user.check_password(PASSWORD)


@pytest.mark.parametrize("password", ["short", "password1234", "dora-dora-dora"])
def test_refuses_weak_passwords_and_keeps_nothing(password):
    with pytest.raises(Invalid):
        services.user_create(name="dora-dora-dora", password=password)
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["api", "API", "static", "admin", "healthz", "models", "datasets", "settings"])
def test_refuses_reserved_names(name):
    with pytest.raises(Invalid, match="reserved"):
        services.user_create(name=name)


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "a/b", "a b", "a..b", "a--b", "repo.git", "x" * 97, "émile", ".", "a\n"]
)
def test_refuses_what_is_not_a_name(name):
    with pytest.raises(Invalid, match="not a name"):
        services.user_create(name=name)


def test_names_are_unique_in_any_case(alice):
    with pytest.raises(Conflict, match="taken"):
        services.user_create(name="ALICE")
    assert User.objects.count() == 1


def test_a_user_cannot_take_the_name_of_an_organisation(lab):
    with pytest.raises(Conflict):
        services.user_create(name="Lab")
    assert not User.objects.filter(username="Lab").exists()


def test_refuses_a_bad_mail_address():
    with pytest.raises(Invalid):
        services.user_create(name="dora", email="nowhere")


def test_the_first_administrator_gets_a_password_once():
    user, password = services.admin_ensure()
    assert user.username == "root"
    assert user.is_superuser
    assert user.is_staff
    assert user.check_password(password)
    assert services.admin_ensure() == (user, None)


def test_an_administrator_is_found_under_another_name_when_root_is_taken():
    make_user("Root")
    user, password = services.admin_ensure()
    assert user.username == "administrator"
    assert password


def test_a_namespace_is_writable_by_its_people_only(alice, bob, charlie, root, lab):
    for user, name in [(alice, "alice"), (alice, "LAB"), (bob, "lab"), (root, "alice")]:
        assert selectors.namespace_writable(user, name).name == name.lower()
    for user, name in [(charlie, "lab"), (bob, "alice")]:
        with pytest.raises(Forbidden):
            selectors.namespace_writable(user, name)
    with pytest.raises(NotFound):
        selectors.namespace_writable(alice, "nobody")
    with pytest.raises(Unauthenticated):
        selectors.namespace_writable(None, "lab")


def test_viewers_may_not_write(charlie, lab):
    services.member_set(namespace=lab, user=charlie, role="viewer")
    with pytest.raises(Forbidden):
        selectors.namespace_writable(charlie, "lab")
    assert selectors.namespaces_writable(charlie) == ["charlie"]


def test_ones_own_namespace_is_offered_first(bob, lab):
    assert selectors.namespaces_writable(bob) == ["bob", "lab"]
    assert selectors.namespaces_writable(None) == []


def test_contributors_may_not_change_members(bob, lab):
    with pytest.raises(Forbidden):
        selectors.namespace_administered(bob, "lab")


def test_the_last_owner_stays(alice, bob, lab):
    for role in (None, "viewer"):
        with pytest.raises(Conflict, match="last owner"):
            services.member_set(namespace=lab, user=alice, role=role)
    services.member_set(namespace=lab, user=bob, role="owner")
    services.member_set(namespace=lab, user=alice, role=None)
    assert [membership.user for membership in lab.memberships.all()] == [bob]


def test_a_users_own_namespace_has_no_members(alice, bob):
    with pytest.raises(Invalid):
        services.member_set(namespace=alice.namespace, user=bob, role="owner")


def test_refuses_an_unknown_role(bob, lab):
    with pytest.raises(Invalid, match="not a role"):
        services.member_set(namespace=lab, user=bob, role="king")


def test_namespace_names_are_found_in_any_case(lab):
    assert selectors.namespace_get("LAB") == Namespace.objects.get(name="lab")


def test_a_maintainer_neither_becomes_owner_nor_puts_one_out(lab, alice, bob, root):
    services.member_set(namespace=lab, user=bob, role="maintainer")
    for user, role in ((bob, "owner"), (alice, "viewer"), (alice, None)):
        with pytest.raises(Forbidden):
            services.member_set(namespace=lab, user=user, role=role, asker=bob)
    assert lab.memberships.get(user=alice).role == "owner"
    services.member_set(namespace=lab, user=bob, role="owner", asker=alice)
    services.member_set(namespace=lab, user=bob, role="maintainer", asker=root)
