"""What a limited token is good for: some namespaces, some repos, and reading what is public. SECURITY: asked on every way to a right."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from hub.accounts.models import AccessToken, Namespace, User
from hub.core.errors import Forbidden, Invalid

MAX_LIMITS = 50


@dataclass(frozen=True)
class Limits:
    namespace_ids: tuple[UUID, ...] = ()
    repo_ids: tuple[UUID, ...] = ()


def limited_token(user: User | AnonymousUser | None) -> AccessToken | None:
    """The token this user came with, if it is a limited one."""
    token = user.token if isinstance(user, User) else None
    return token if token is not None and token.is_limited else None


def is_within(user: User | AnonymousUser | None, namespace: Namespace) -> bool:
    token = limited_token(user)
    return token is None or namespace.pk in token.namespace_ids


def account_check(user: User, deed: str) -> None:
    """For what concerns the account as a whole: a limited token stays away from it."""
    token = limited_token(user)
    if token is not None:
        raise Forbidden(f"The token {token.display}… is limited to some repos or namespaces and may not {deed}.")


def narrower(tokens: QuerySet[AccessToken], user: User) -> QuerySet[AccessToken]:
    """Those that a limited token may know of: tokens that reach nothing it does not reach itself."""
    token = limited_token(user)
    if token is None:
        return tokens
    return tokens.filter(
        ~Q(namespace_ids=[], repo_ids=[]), namespace_ids__contained_by=token.namespace_ids, repo_ids__contained_by=token.repo_ids
    )  # fmt: skip


def limits_make(
    *, user: User, repos: Iterable[str], namespaces: Iterable[str], made_with: AccessToken | None
) -> Limits:
    """Names turned into ids. What `user` may not see reads as if it were not there; all that is wrong is said at once.

    A limited token hands its own limits on, unless narrower ones are asked for.
    """
    repo_names, space_names = sorted(set(repos)), sorted(set(namespaces))
    if len(repo_names) + len(space_names) > MAX_LIMITS:
        raise Invalid(f"A token can be limited to at most {MAX_LIMITS} repos and namespaces together.")
    if not repo_names and not space_names and made_with is not None:
        return Limits(tuple(made_with.namespace_ids), tuple(made_with.repo_ids))
    errors = []
    space_ids, repo_ids = [], []
    for index, name in enumerate(space_names):
        space = Namespace.objects.filter(name__iexact=name[:100]).first()
        if space is None or not _belongs(user, space):
            errors.append(
                {
                    "where": f"namespaces[{index}]",
                    "message": f"{name[:100]!r}: not yours, nor of an organisation of yours.",
                }
            )
        elif made_with is not None and made_with.is_limited and space.pk not in made_with.namespace_ids:
            errors.append(
                {"where": f"namespaces[{index}]", "message": f"{name[:100]!r} is outside of the limits of this token."}
            )
        else:
            space_ids.append(space.pk)
    for index, name in enumerate(repo_names):
        found = _repo_find(user, name[:300])
        if found is None:
            errors.append(
                {
                    "where": f"repos[{index}]",
                    "message": f"{name[:300]!r}: there is no such repo, or you may not see it.",
                }
            )
        elif (
            made_with is not None
            and made_with.is_limited
            and not (found.pk in made_with.repo_ids or found.namespace_id in made_with.namespace_ids)
        ):
            errors.append(
                {"where": f"repos[{index}]", "message": f"{name[:300]!r} is outside of the limits of this token."}
            )
        else:
            repo_ids.append(found.pk)
    if errors:
        raise Invalid("The token cannot be limited like this.", errors=errors)
    return Limits(tuple(space_ids), tuple(repo_ids))


def _belongs(user: User, space: Namespace) -> bool:
    return user.is_superuser or space.owner_id == user.pk or space.memberships.filter(user=user).exists()


def _repo_find(user: User, name: str):  # type: ignore[no-untyped-def]
    """`ns/name`, or `datasets/ns/name`. Repos are reached through their namespace: the catalogue builds on the accounts."""
    is_data = name.startswith("datasets/")
    space_name, _, short = name.removeprefix("datasets/").removeprefix("models/").partition("/")
    space = Namespace.objects.filter(name__iexact=space_name).first()
    if space is None:
        return None
    kind = "dataset" if is_data else "model"
    return space.repos.visible_to(user, "read").filter(type=kind, name__iexact=short).first()


def limits_words(token: AccessToken) -> dict[str, list[str]]:
    """The names behind the ids, as they are now. What is gone is left out: the limit stays and opens nothing."""
    if not token.is_limited:
        return {"namespaces": [], "repos": []}
    repo: Any = Namespace._meta.get_field("repos").related_model
    rows = repo.objects.filter(pk__in=token.repo_ids).values_list("type", "full_name")
    return {
        "namespaces": sorted(Namespace.objects.filter(pk__in=token.namespace_ids).values_list("name", flat=True)),
        "repos": sorted(name if kind == "model" else f"{kind}s/{name}" for kind, name in rows),
    }
