"""What a user's client has sent through Xet and may name again: packs of chunks (xorbs), and the address its memory of them hangs on."""

from django.conf import settings
from django.db import models

from hub.blobs.models import Blob
from hub.core.models import TimeStamped


class Generation(models.Model):
    """The part of the gateway's address that is a user's own. A client remembers by address what it has sent: with a new name it
    sends everything again. Without a row a new name is made."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=32)

    def __str__(self) -> str:
        return self.name


class Xorb(TimeStamped):
    """A pack of compressed chunks, as one user sent it. SECURITY: of that user alone, so that knowing a hash gives nothing.

    `blob` holds the chunks back to back. `index` has two u32 for each: where it ends in the blob, and how many bytes it unpacks to.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    hash = models.CharField(max_length=64)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    index = models.BinaryField()
    used_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "hash"], name="xorb_once")]

    def __str__(self) -> str:
        return self.hash
