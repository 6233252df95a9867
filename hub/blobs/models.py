"""Content-addressed bytes. A blob is written once and never changed; a grant says who proved to have it."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from hub.accounts.models import Namespace
from hub.core.models import Identified, TimeStamped


class Blob(models.Model):
    """`git_sha1` is the git blob id of the content (regular files); an LFS file's git id is that of its pointer text."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size_bytes = models.BigIntegerField()
    git_sha1 = models.CharField(max_length=40)
    created_at = models.DateTimeField(auto_now_add=True)
    unused_since = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="marked by gc; swept when it is still unused a week later"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="blob_sha256_form", condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$")),
            models.CheckConstraint(name="blob_size_not_negative", condition=models.Q(size_bytes__gte=0)),
        ]

    def __str__(self) -> str:
        return self.sha256


class BlobGrant(TimeStamped):
    """This user sent these bytes, so may name them by hash in a commit."""

    blob = models.ForeignKey(Blob, on_delete=models.CASCADE, related_name="grants")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["blob", "user"], name="blob_grant_once")]


class Delta(models.Model):
    """`blob` is kept as its difference from `base`: its bytes are rebuilt from `base` and `packed`, which stay as long as this row.

    `has_plain`: its own bytes lie in the store as well. They do from `since` on until a collection has dropped them.
    A base is never a delta itself, so nothing is rebuilt from what has to be rebuilt first.
    """

    blob = models.OneToOneField(Blob, primary_key=True, on_delete=models.CASCADE, related_name="delta")
    base = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="deltas")
    packed = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField(default=timezone.now)
    has_plain = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="delta_not_of_itself", condition=~models.Q(blob=models.F("base"))),
        ]

    def __str__(self) -> str:
        return self.blob_id


class Upload(Identified, TimeStamped):
    """A file on its way in, part by part, resumable for a week. `reference` is what the driver calls it;
    the driver also knows which parts are here."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    namespace = models.ForeignKey(Namespace, on_delete=models.CASCADE, related_name="+")
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    part_bytes = models.BigIntegerField()
    reference = models.CharField(max_length=1100)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "namespace", "sha256"], name="upload_once")]


class Reservation(TimeStamped):
    """Room that is kept for a file before its first byte comes. Gone after a day, or when the commit names the file."""

    namespace = models.ForeignKey(Namespace, on_delete=models.CASCADE, related_name="reservations")
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["namespace", "sha256"], name="reservation_once")]
