"""Everything that this hub keeps about somebody, as one JSON document. No secrets: those are kept as hashes, or not shown again."""

from typing import Any

from hub.accounts.audit_reading import audit_entries
from hub.accounts.limits import account_check, limits_words
from hub.accounts.models import AccessToken, Namespace, User
from hub.accounts.sessions import sessions_of

AUDIT_ROWS = 10_000


def account_export(user: User) -> dict[str, Any]:
    """Dates are in ISO 8601, sizes in bytes. Files are not in it: `genepool pull` or any client of the hub gets those."""
    account_check(user, "export the account")
    return {
        "schema": 1,
        "profile": {
            "name": user.username, "full_name": user.full_name, "email": user.email, "theme": user.theme, "wants_mail": user.wants_mail,
            "is_admin": user.is_superuser, "joined_at": user.date_joined, "last_sign_in_at": user.last_login,
        },
        "organizations": [
            {"name": row.namespace.name, "role": row.role, "since": row.created_at}
            for row in user.memberships.select_related("namespace").order_by("namespace__name")
        ],
        "tokens": [_token(token) for token in user.access_tokens.order_by("created_at")],
        "devices": [
            {"browser": row.browser, "address": row.address, "since": row.created_at, "seen_at": row.seen_at} for row in sessions_of(user)
        ],
        "repos": _repos(user),
        "jobs": list(_related(user, "jobs").order_by("number").values(
            "number", "kind", "title", "state", "recipe", "cost", "created_at", "started_at", "finished_at"
        )),
        "imports": list(_related(user, "imports").order_by("created_at").values("endpoint", "remote", "revision", "target", "created_at")),
        "webhooks": list(_related(user, "webhooks").order_by("created_at").values("url", "is_active", "created_at")),
        "notices": list(_related(user, "notices").order_by("id").values("text", "created_at", "read_at")),
        "likes": list(_related(user, "likes").order_by("id").values_list("repo__full_name", flat=True)),
        "access_requests": list(_related(user, "access_requests").order_by("id").values("repo__full_name", "state", "message", "created_at")),
        "audit": [
            {
                "at": row.at, "action": row.action, "actor": row.actor, "token": row.token, "address": row.address,
                "subject": row.subject, "detail": row.detail,
            }
            for row in audit_entries(asker=user, actor=user.username)[:AUDIT_ROWS]
        ],
    }  # fmt: skip


def _related(user: User, name: str) -> Any:
    """Rows of the apps that build on the accounts, by the name they gave the relation."""
    return getattr(user, name)


def _token(token: AccessToken) -> dict[str, Any]:
    return {
        "name": token.name, "display": token.display, "scopes": token.scopes, **limits_words(token), "created_at": token.created_at,
        "expires_at": token.expires_at, "last_used_at": token.last_used_at, "revoked_at": token.revoked_at,
    }  # fmt: skip


def _repos(user: User) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for space in Namespace.objects.filter(owner=user):
        rows = space.repos.order_by("type", "name")  # type: ignore[attr-defined]
        found += rows.values("type", "full_name", "visibility", "created_at", "updated_at")
    return found
