"""Users, organisations and tokens, made through the services people use."""

from hub.accounts import services
from hub.accounts.models import Namespace, User

PASSWORD = "correct horse battery staple"


def make_user(name: str, *, is_admin: bool = False, password: str | None = None) -> User:
    """A user with a namespace. No password unless asked for: hashing one is slow by design."""
    return services.user_create(name=name, password=password, is_admin=is_admin)


def make_organisation(name: str, *, owner: User, **members: User) -> Namespace:
    """`make_organisation("lab", owner=alice, contributor=bob)`."""
    namespace = services.organisation_create(name=name, owner=owner)
    for role, user in members.items():
        services.member_set(namespace=namespace, user=user, role=role)
    return namespace


def make_token(user: User, *scopes: str) -> str:
    """The raw token, as a client would hold it."""
    return services.token_create(user=user, name="test", scopes=scopes or ("read",))[1]
