"""Users and organisations in the form that the clients read."""

from typing import Any

from hub.accounts.models import Namespace, User


def user_json(user: User) -> dict[str, Any]:
    return {
        "_id": str(user.pk), "user": user.username, "fullname": user.full_name or user.username, "avatarUrl": "", "type": "user",
        "isPro": False, "isFollowing": False,
    }  # fmt: skip


def organisation_json(namespace: Namespace) -> dict[str, Any]:
    return {
        "_id": namespace.pk.hex, "name": namespace.name, "fullname": namespace.full_name or namespace.name, "avatarUrl": "", "type": "org",
        "isVerified": False, "isFollowing": False,
    }  # fmt: skip
