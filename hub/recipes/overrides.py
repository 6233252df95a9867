"""Licence conflicts: what the hub's policy makes of them, and the recorded word of an administrator against it."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from hub.accounts.audit import audit
from hub.accounts.models import User
from hub.core.errors import Conflict, Forbidden, Invalid, NotFound
from hub.recipes.models import LicenceOverride
from workers.contracts.findings import Finding
from workers.contracts.plans import Check, LicenceVerdict
from workers.contracts.recipes import AnyRecipe, Output
from workers.planning.check import in_order
from workers.planning.licences import CONFLICT

REASON = (10, 1000)


def policy_apply(check: Check, recipe: AnyRecipe) -> Check:
    """A conflict is a warning or an error, as LICENCE_POLICY says; with an override it is a warning that says whose."""
    verdict = check.licence
    if verdict.verdict != "deny":
        return check
    override = override_find(output=recipe.output, verdict=verdict)
    if override is not None:
        told = {
            "by": override.by_name,
            "at": override.created_at.isoformat(timespec="seconds"),
            "reason": override.reason,
        }
        words = f"{override.by_name} let it pass on {override.created_at:%-d %b %Y}: {override.reason}"
        findings = _told(check.findings, verdict, "warning", words)
        return check.model_copy(update={"licence": verdict.model_copy(update={"override": told}), "findings": findings})
    if settings.LICENCE_POLICY != "block":
        return check
    words = "This hub blocks such jobs. Choose other inputs, or ask an administrator to override it with a reason."
    return check.model_copy(update={"findings": _told(check.findings, verdict, "error", words), "plan": None})


def _told(findings: Sequence[Finding], verdict: LicenceVerdict, severity: str, consequence: str) -> tuple[Finding, ...]:
    """The conflict's finding with what the policy makes of it. One is made where another finding stood in its place."""
    conflict = next((finding for finding in findings if finding.code == CONFLICT), None)
    if conflict is None:
        conflict = Finding(code=CONFLICT, severity="warning", message=" ".join(verdict.reasons), where="")
    changed = conflict.model_copy(update={"severity": severity, "consequence": consequence})
    return in_order((*(finding for finding in findings if finding.code != CONFLICT), changed))


def override_find(*, output: Output | None, verdict: LicenceVerdict) -> LicenceOverride | None:
    return LicenceOverride.objects.filter(fingerprint=fingerprint_make(output, verdict), withdrawn_at=None).first()


def fingerprint_make(output: Output | None, verdict: LicenceVerdict) -> str:
    """Another input, another licence, another target or a public result instead of a private one: another fingerprint."""
    inputs = sorted([row.get("role", ""), row.get("repo") or row["name"], row["licence"]] for row in verdict.binding)
    target = [output.repo.casefold(), output.visibility] if output is not None else []
    document = json.dumps([verdict.operation, target, inputs], separators=(",", ":"))
    return hashlib.sha256(document.encode()).hexdigest()


def override_create(*, asker: User, recipe: AnyRecipe | None, verdict: LicenceVerdict, reason: str) -> LicenceOverride:
    """`verdict` is the check's for `recipe`. The same override again is answered with the one that is there."""
    administrator_check(asker)
    reason = " ".join(reason.split())
    if not REASON[0] <= len(reason) <= REASON[1]:
        raise Invalid(
            f"The reason has {len(reason)} characters. Give one of {REASON[0]} to {REASON[1]}: it is shown on the result."
        )
    if recipe is None or recipe.output is None or verdict.verdict != "deny":
        raise Conflict("The licences of this recipe do not conflict, so there is nothing to override.")
    known = override_find(output=recipe.output, verdict=verdict)
    if known is not None:
        return known
    try:
        with transaction.atomic():
            override = LicenceOverride.objects.create(
                fingerprint=fingerprint_make(recipe.output, verdict), by=asker, by_name=asker.username, reason=reason,
                operation=verdict.operation, target=recipe.output.repo, blocking=list(verdict.blocking),
            )  # fmt: skip
            _recorded(override, asker, deed="override")
    except IntegrityError:
        # two administrators at once: the first one's word holds
        found = override_find(output=recipe.output, verdict=verdict)
        if found is None:
            raise
        return found
    return override


def override_withdraw(*, asker: User, ident: Any) -> LicenceOverride:
    administrator_check(asker)
    with transaction.atomic():
        override = LicenceOverride.objects.select_for_update().filter(pk=ident).first()
        if override is None:
            raise NotFound("There is no such override.")
        if override.withdrawn_at is None:
            override.withdrawn_at = timezone.now()
            override.save(update_fields=["withdrawn_at"])
            _recorded(override, asker, deed="withdraw")
    return override


def overrides_list(*, asker: User) -> QuerySet[LicenceOverride]:
    """All of them, also withdrawn ones. The reasons name private repos: administrators only."""
    administrator_check(asker)
    return LicenceOverride.objects.order_by("-created_at", "id")


def administrator_check(asker: User) -> None:
    if not asker.is_staff:
        raise Forbidden("Only an administrator of this hub may override a licence conflict.")


def _recorded(override: LicenceOverride, asker: User, *, deed: str) -> None:
    audit(
        "licence.override", actor=asker, subject=override.target, namespace=override.target.partition("/")[0],
        deed=deed, reason=override.reason, operation=override.operation,
        blocked=[f"{link['name']}: {link['licence'] or 'no licence'}, {link['clause']}" for link in override.blocking][:20],
    )  # fmt: skip
