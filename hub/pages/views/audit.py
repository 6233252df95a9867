"""The audit log: one's own deeds, those in one's organisations, and for administrators everybody's."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hub.accounts.audit import ACTIONS
from hub.accounts.audit_reading import audit_entries
from hub.accounts.models import AuditEntry, Namespace
from hub.pages.shell import signed_in
from hub.pages.views.organisations import administered

SHOWN = 50
_GROUPS = (
    ("", "Everything"), ("repo", "Repos"), ("commit", "Commits"), ("file", "Purged files"), ("access", "Access"), ("token", "Tokens"),
    ("member", "Members"), ("organisation", "Organisations"), ("service", "Service accounts"), ("invitation", "Invitations"), ("user", "Accounts"),
    ("quota", "Quotas"), ("licence", "Licences"), ("backup", "Backups"),
)  # fmt: skip


def log_context(request: HttpRequest, namespace: Namespace | None = None) -> dict[str, Any]:
    asked = {name: request.GET.get(name, "").strip()[:150] for name in ("what", "who")}
    after = request.GET.get("after", "")
    rows = list(
        audit_entries(asker=request.user, namespace=namespace, action=asked["what"], actor=asked["who"], after=int(after) if after.isdecimal() else None)[: SHOWN + 1]
    )  # fmt: skip
    is_more = len(rows) > SHOWN
    rows = rows[:SHOWN]
    kept = {name: value for name, value in asked.items() if value}
    return {
        "rows": [_row(entry) for entry in rows],
        "asked": asked,
        "groups": _GROUPS,
        "is_filtered": bool(kept),
        "next_url": f"?{urlencode({**kept, 'after': rows[-1].pk})}" if is_more else "",
        "first_url": f"?{urlencode(kept)}" if after else "",
    }


def _row(entry: AuditEntry) -> dict[str, Any]:
    detail = ", ".join(f"{name} {_words(value)}" for name, value in entry.detail.items())
    return {"entry": entry, "what": ACTIONS.get(entry.action, entry.action), "detail": detail}


def _words(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return {True: "yes", False: "no", None: "–"}.get(value, str(value)) if not isinstance(value, dict) else str(value)


@require_safe
@signed_in
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "account/audit.html", log_context(request))


@require_safe
@signed_in
def of_organisation(request: HttpRequest, name: str) -> HttpResponse:
    context = administered(request, name, "audit")
    return render(request, "organisations/audit.html", context | log_context(request, context["namespace"]))
