"""Likes: who likes what. `Repo.likes` is their count, kept by the same transaction."""

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import QuerySet

from hub.accounts.models import User
from hub.catalog.models import Like, Repo


@transaction.atomic
def like_set(*, user: User, repo: Repo, liked: bool) -> None:
    """Liking twice is liking once."""
    # NO KEY: others may go on pointing rows at the repo meanwhile
    Repo.objects.select_for_update(no_key=True).only("pk").get(pk=repo.pk)
    if liked:
        Like.objects.get_or_create(repo=repo, user=user)
    else:
        Like.objects.filter(repo=repo, user=user).delete()
    repo.likes = repo.liked_by.count()
    Repo.objects.filter(pk=repo.pk).update(likes=repo.likes)


def likes_of(*, user: User, asker: User | AnonymousUser | None) -> QuerySet[Like]:
    """What `user` likes, newest first, of what `asker` may see."""
    visible = Repo.objects.visible_to(asker, "read")
    return user.likes.filter(repo__in=visible).select_related("repo").order_by("-created_at", "-id")


def likers_of(repo: Repo) -> QuerySet[User]:
    """Newest first."""
    return User.objects.filter(likes__repo=repo, is_active=True).order_by("-likes__created_at", "-likes__id")


def is_liked(*, user: User | AnonymousUser | None, repo: Repo) -> bool:
    return user is not None and user.is_authenticated and Like.objects.filter(repo=repo, user_id=user.pk).exists()
