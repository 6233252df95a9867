"""The audit log: publish, delete, permission, token and admin actions. Written in the transaction of the deed itself."""

from contextvars import ContextVar
from typing import Any

from hub.accounts.models import AccessToken, AuditEntry, User

ACTIONS: dict[str, str] = {
    "repo.create": "Made a repo",
    "repo.delete": "Deleted a repo",
    "repo.move": "Renamed a repo",
    "repo.visibility": "Changed who may see a repo",
    "repo.gate": "Changed the gate of a repo",
    "repo.disable": "Took a repo down",
    "repo.squash": "Squashed the history of a branch",
    "repo.import": "Imported a repo",
    "repo.store": "Changed how the files of a repo are stored",
    "commit.publish": "Published a commit",
    "file.purge": "Removed a file from the history",
    "access.ask": "Asked for access",
    "access.decide": "Decided on a request for access",
    "token.create": "Made a token",
    "token.revoke": "Revoked a token",
    "member.set": "Set a role",
    "member.remove": "Took a member out",
    "organisation.create": "Made an organisation",
    "organisation.update": "Changed an organisation",
    "organisation.delete": "Deleted an organisation",
    "service.create": "Made a service account",
    "service.delete": "Deleted a service account",
    "invitation.create": "Invited somebody",
    "invitation.accept": "Accepted an invitation",
    "invitation.withdraw": "Withdrew an invitation",
    "user.create": "Made an account",
    "user.password": "Set a password",
    "user.delete": "Deleted an account",
    "user.sign_out": "Ended a session elsewhere",
    "quota.set": "Set a quota",
    "licence.override": "Overrode a licence verdict",
    "benchmark.create": "Made a benchmark",
    "benchmark.revise": "Changed a benchmark",
    "benchmark.retire": "Retired a version of a benchmark",
    "evaluation.invalidate": "Said whether a measurement counts",
    "backup.restore": "Restored a backup",
}

# Where the request in progress comes from. Set by the middleware; outside of requests there is none.
sender: ContextVar[str | None] = ContextVar("sender", default=None)


def audit(action: str, *, actor: User | None, subject: str, namespace: str = "", **detail: Any) -> None:
    """Writes one entry. `namespace` names whose owners may read it; `detail` is JSON and holds no secret."""
    if action not in ACTIONS:
        raise ValueError(f"{action!r} is not in the table of audited actions")
    token: AccessToken | None = actor.token if actor is not None else None
    AuditEntry.objects.create(
        action=action,
        actor=actor.username if actor is not None else "",
        token=token.display if token is not None else "",
        address=sender.get(),
        namespace=namespace,
        subject=subject[:300],
        detail=detail,
    )
