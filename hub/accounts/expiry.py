"""Letters and keys that have been good for nothing for a month."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from hub.accounts.models import AccessToken, Invitation

KEEP_DAYS = 30


def tokens_forget() -> int:
    """Deletes access tokens that ended or were revoked a month ago: until then their owner sees what became of them."""
    cutoff = timezone.now() - timedelta(days=KEEP_DAYS)
    return AccessToken.objects.filter(Q(expires_at__lt=cutoff) | Q(revoked_at__lt=cutoff)).delete()[0]


def invitations_forget() -> int:
    cutoff = timezone.now() - timedelta(days=KEEP_DAYS)
    return Invitation.objects.filter(expires_at__lt=cutoff, accepted_at=None).delete()[0]
