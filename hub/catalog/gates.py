"""The gate of a repo: everybody sees the entry, its files are for those who were let in. `open_to` is the one rule."""

from typing import Literal

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from hub.accounts.audit import audit
from hub.accounts.models import User
from hub.catalog.errors import RepoDisabled, RepoGated
from hub.catalog.models import AccessRequest, Repo
from hub.core.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated

State = Literal["pending", "accepted", "rejected"]
STATES = tuple(state for state, _ in AccessRequest.STATES)
GATES = ("", "auto", "manual")
MESSAGE_LENGTH, REASON_LENGTH, TERMS_LENGTH = 1000, 500, 20_000


def gate_is_open(*, user: User | AnonymousUser | None, repo: Repo) -> bool:
    if not repo.gated and not repo.disabled_reason:
        return True
    return Repo.objects.filter(pk=repo.pk).open_to(user).exists()


def gate_check(*, user: User | AnonymousUser | None, repo: Repo) -> None:
    """SECURITY: stands before every answer that holds bytes of a file. Raises RepoDisabled or RepoGated."""
    if gate_is_open(user=user, repo=repo):
        return
    if repo.disabled_reason:
        raise RepoDisabled()
    asked = _request_of(user, repo)
    if asked is None:
        raise RepoGated(f"{repo.full_name} is gated. Ask for access on its page, signed in, and send your token then.")
    if asked.state == "pending":
        raise RepoGated(f"Your request for access to {repo.full_name} waits for its owners.")
    if asked.state == "rejected":
        raise RepoGated(f"Your request for access to {repo.full_name} was declined.")
    raise RepoGated(f"This token is limited, and {repo.full_name} is not among what it is for.")


def gate_set(*, user: User, repo: Repo, gated: str, terms: str | None = None) -> Repo:
    """`gated` is "" (open), "auto" (who asks is let in) or "manual" (an owner decides). Who was let in stays so."""
    if gated not in GATES:
        raise Invalid(f"{gated!r} is not a gate. Choose auto or manual, or none.")
    if terms is not None and len(terms) > TERMS_LENGTH:
        raise Invalid(f"The terms have {len(terms)} characters; at most {TERMS_LENGTH} are kept.")
    _administer_check(user, repo)
    with transaction.atomic():
        before = repo.gated
        repo.gated = gated
        repo.gate_terms = repo.gate_terms if terms is None else terms
        repo.save(update_fields=["gated", "gate_terms"])
        audit(
            "repo.gate", actor=user, subject=repo.full_name, namespace=repo.namespace.name, before=before, after=gated
        )
    return repo


def repo_disable(*, user: User, repo: Repo, reason: str) -> Repo:
    """Takes a repo down: it stays listed, its files are given to nobody. An empty reason puts it back."""
    if not user.is_staff:
        raise Forbidden("Only an administrator takes a repo down.")
    reason = reason.strip()
    if len(reason) > 300:
        raise Invalid("Give the reason in at most 300 characters.")
    with transaction.atomic():
        repo.disabled_reason = reason
        repo.save(update_fields=["disabled_reason"])
        audit("repo.disable", actor=user, subject=repo.full_name, namespace=repo.namespace.name, reason=reason)
    return repo


@transaction.atomic
def access_ask(*, user: User, repo: Repo, message: str = "") -> AccessRequest:
    """Asks for the files. With an automatic gate the answer is yes. Asking twice changes nothing."""
    if not repo.gated:
        raise Conflict(f"{repo.full_name} is not gated: you have access.")
    if len(message) > MESSAGE_LENGTH:
        raise Invalid(f"The message has {len(message)} characters; at most {MESSAGE_LENGTH} are kept.")
    if user.token is not None and user.token.is_limited:
        raise Forbidden("A limited token cannot ask for access to more. Ask signed in, or with a token without limits.")
    known, is_new = AccessRequest.objects.select_for_update().get_or_create(
        repo=repo, user=user, defaults={"message": message.strip(), "state": "pending"}
    )
    if repo.gated == "auto" and known.state == "pending":
        known.state, known.decided_at = "accepted", timezone.now()
        known.save(update_fields=["state", "decided_at", "updated_at"])
    if is_new:
        audit("access.ask", actor=user, subject=repo.full_name, namespace=repo.namespace.name, state=known.state)
    return known


@transaction.atomic
def access_decide(*, asker: User, repo: Repo, user: User, state: State, reason: str = "") -> AccessRequest:
    """An owner lets somebody in, turns them down, or puts the request back. `user` need not have asked: that is a grant."""
    if state not in STATES:
        raise Invalid(f"{state!r} is not a decision. Choose one of {', '.join(STATES)}.")
    if len(reason) > REASON_LENGTH:
        raise Invalid(f"The reason has {len(reason)} characters; at most {REASON_LENGTH} are kept.")
    _administer_check(asker, repo)
    known, is_new = AccessRequest.objects.select_for_update().get_or_create(
        repo=repo, user=user, defaults={"state": state}
    )
    if is_new and state != "accepted":
        raise NotFound(f"{user.username} has not asked for access to {repo.full_name}.")
    if not is_new and known.state == state:
        return known
    known.state, known.reason, known.decided_by, known.decided_at = state, reason.strip(), asker, timezone.now()
    known.save(update_fields=["state", "reason", "decided_by", "decided_at", "updated_at"])
    audit(
        "access.decide", actor=asker, subject=repo.full_name, namespace=repo.namespace.name, user=user.username, state=state
    )  # fmt: skip
    return known


def access_requests(*, user: User, repo: Repo, state: str) -> QuerySet[AccessRequest]:
    """Newest first; for those who decide."""
    if state not in STATES:
        raise Invalid(f"{state[:20]!r} is not a state. Choose one of {', '.join(STATES)}.")
    _administer_check(user, repo)
    return repo.access_requests.filter(state=state).select_related("user", "decided_by").order_by("-created_at", "id")


def access_of(*, user: User | AnonymousUser | None, repo: Repo) -> AccessRequest | None:
    """How this user's own request stands."""
    return _request_of(user, repo)


def _request_of(user: User | AnonymousUser | None, repo: Repo) -> AccessRequest | None:
    if user is None or not user.is_authenticated:
        return None
    return repo.access_requests.filter(user_id=user.pk).first()


def _administer_check(user: User, repo: Repo) -> None:
    if not user.is_authenticated:
        raise Unauthenticated("Sign in, or send an access token.")
    if not Repo.objects.visible_to(user, "admin").filter(pk=repo.pk).exists():
        raise Forbidden(f"You may not change {repo.full_name}.")
