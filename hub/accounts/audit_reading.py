"""Who may read what of the audit log. Entries hold names; a name may have belonged to somebody else before."""

from django.db.models import Q, QuerySet

from hub.accounts.audit import ACTIONS
from hub.accounts.limits import limited_token
from hub.accounts.models import AuditEntry, Namespace, User
from hub.accounts.selectors import OWNER_ROLES, namespace_administered
from hub.core.errors import Invalid


def audit_entries(
    *,
    asker: User,
    namespace: Namespace | str | None = None,
    action: str = "",
    actor: str = "",
    after: int | None = None,
) -> QuerySet[AuditEntry]:
    """Newest first; `after` is the id of the last one you have. Administrators see all, owners and maintainers what concerns
    their organisation, everybody what they did and what was done in their own namespace."""
    rows = AuditEntry.objects.filter(_readable(asker)).order_by("-id")
    if namespace is not None:
        name = namespace if isinstance(namespace, str) else namespace.name
        if not (asker.is_superuser and limited_token(asker) is None):
            name = namespace_administered(asker, name).name
        rows = rows.filter(namespace__iexact=name)
    if action:
        if action not in ACTIONS and not any(known.startswith(f"{action}.") for known in ACTIONS):
            raise Invalid(f"{action[:40]!r} is not an action. Choose one of {', '.join(ACTIONS)}.")
        rows = rows.filter(action=action) if "." in action else rows.filter(action__startswith=f"{action}.")
    if actor:
        rows = rows.filter(actor__iexact=actor[:150])
    return rows if after is None else rows.filter(pk__lt=after)


def _readable(asker: User) -> Q:
    """SECURITY: nothing from before the account or the organisation was made: that was of another one of this name."""
    token = limited_token(asker)
    if asker.is_superuser and token is None:
        return Q()
    mine = Q(owner=asker) | Q(memberships__user=asker, memberships__role__in=OWNER_ROLES)
    spaces = Namespace.objects.filter(mine).distinct()
    if token is not None:
        spaces = spaces.filter(pk__in=token.namespace_ids)
    wanted = Q(pk__in=()) if token is not None else Q(actor=asker.username, at__gte=asker.date_joined)
    for space in spaces:
        wanted |= Q(namespace=space.name, at__gte=space.created_at)
    return wanted
