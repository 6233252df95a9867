"""How a repo's weights are kept: whole, or as their difference from a base that is on this hub too. Readers see no difference.

Asking is checked from headers at once; a worker does it. Rights are looked at when it is asked for: what a reader of the fine-tune
gets are the fine-tune's own bytes, so nobody sees more of the base by it.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta

from celery import current_app
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from hub.accounts.audit import audit
from hub.accounts.models import User
from hub.catalog.differing import Pair, pairs_of
from hub.catalog.gates import gate_check
from hub.catalog.models import Commit, LineageEdge, Repo, Storing
from hub.catalog.revisions import commit_resolve
from hub.catalog.selectors import repo_get
from hub.core.errors import ApplicationError, Conflict, Invalid, NotFound, Refused
from workers.contracts.findings import Finding, Repair
from workers.contracts.references import repo_reference_parse
from workers.planning.wording import finding

logger = logging.getLogger(__name__)
TASK = "hub.store"
STALE = timedelta(hours=1)  # longer than the task may take: who asked before may ask again


def storing_ask(*, user: User, repo: Repo, form: str, base: str = "", revision: str = "") -> Storing:
    """Has a worker keep the weights of a commit as differences from `base` (default: what its lineage says), or all of them whole.

    Raises:
        Refused: no base of this hub fits, with what differs.
        Conflict: an earlier wish is being carried out.
    """
    if form not in dict(Storing.FORMS):
        raise Invalid(f"{form!r} is no way to keep files. Choose delta or plain.")
    repo = repo_get(user=user, full_name=repo.full_name, type=repo.type, action="admin")
    commit = commit_resolve(repo, revision or repo.default_branch)
    chosen = _base_choose(user, commit, base) if form == "delta" else None
    with transaction.atomic():
        Repo.objects.select_for_update(no_key=True).get(pk=repo.pk)
        before = Storing.objects.filter(repo=repo).first()
        if before is not None and before.state in ("asked", "working") and before.updated_at > timezone.now() - STALE:
            if (before.form, before.commit_oid) == (form, commit.oid):
                _send(repo)
                return before
            raise Conflict(f"The files of {repo.full_name} are being stored anew already. Wait until that is done.")
        wish, _ = Storing.objects.update_or_create(
            repo=repo,
            defaults={
                "form": form, "state": "asked", "commit_oid": commit.oid, "base": chosen.repo if chosen else None,
                "base_oid": chosen.oid if chosen else "", "message": "",
            },
        )  # fmt: skip
        audit(
            "repo.store", actor=user, subject=repo.full_name, namespace=repo.namespace.name, form=form,
            base=chosen.repo.full_name if chosen else "",
        )  # fmt: skip
        _send(repo)
    return wish


def _send(repo: Repo) -> None:
    def ring() -> None:
        try:
            current_app.send_task(TASK, args=[str(repo.pk)], queue="default", ignore_result=True)
        except (OperationalError, OSError) as error:
            logger.warning("not sent: %s", error)  # the nightly chore finds the row

    transaction.on_commit(ring, robust=True)


def _base_choose(user: User, commit: Commit, named: str) -> Commit:
    """The named base, or the first of the lineage that fits."""
    refused: list[Finding] = []
    for candidate in [_named(user, named)] if named else _parents(user, commit):
        pairs, findings = pairs_of(commit, candidate)
        if not findings and all(pair.sha256 == pair.base for pair in pairs):
            findings = [
                finding("delta_same_bytes", "error", ("base",), f"{candidate.repo.full_name} has the same bytes, which are kept once already.")
            ]  # fmt: skip
        if not findings:
            return candidate
        refused = refused or findings
    if not refused:
        refused = [
            finding(
                "delta_no_base", "error", ("base",), f"The lineage of {commit.repo.full_name} leads to no model of this hub that you may read.",
                repair=[Repair(label="Name the base: another model of this hub with the same tensors.")],
            )
        ]  # fmt: skip
    raise Refused("These files cannot be kept as a difference.", findings=refused)


def _named(user: User, text: str) -> Commit:
    reference = repo_reference_parse(text.strip())
    if reference is None or reference.scheme:
        raise Invalid(f"{text[:100]!r} is no model of this hub. Write namespace/name or namespace/name@revision.")
    repo = repo_get(user=user, full_name=reference.repo)
    gate_check(user=user, repo=repo)
    return commit_resolve(repo, reference.revision if "@" in text else repo.default_branch)


def _parents(user: User, commit: Commit) -> Iterator[Commit]:
    edges = LineageEdge.objects.filter(child=commit, parent_repo__type="model").exclude(relation="trained_on")
    for edge in edges.order_by("position").select_related("parent_repo"):
        try:
            repo = repo_get(user=user, full_name=edge.parent_name)
            gate_check(user=user, repo=repo)
            yield commit_resolve(repo, edge.parent_commit or repo.default_branch)
        except ApplicationError:
            continue  # not theirs to see, or gone


def pairs_wanted(wish: Storing) -> list[Pair]:
    """What a worker has to pack. Looked at afresh: commits never change, the repos may have gone."""
    base = Commit.objects.filter(repo=wish.base, oid=wish.base_oid).first() if wish.base else None
    commit = Commit.objects.filter(repo=wish.repo, oid=wish.commit_oid).first()
    if base is None or commit is None:
        raise NotFound("The base or this version was deleted meanwhile.")
    pairs, findings = pairs_of(commit, base)
    if findings:
        raise Refused(findings[0].message, findings=findings)
    return [pair for pair in pairs if pair.sha256 != pair.base]
