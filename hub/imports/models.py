"""Where a repo came from, and what of it is not here."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower

from hub.catalog.models import Commit, Repo
from hub.core.models import Identified, TimeStamped
from hub.jobs.models import Job


class Import(Identified, TimeStamped):
    """One repo of another hub, taken over into one of ours. How far it is, is in `job`; what it gave last, in `commit`."""

    MODES = [("metadata", "Metadata"), ("mirror", "Mirror")]

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="imports")
    endpoint = models.CharField(max_length=300, help_text="the other hub, with scheme and without a slash at its end")
    remote = models.CharField(max_length=200, help_text="org/name over there")
    type = models.CharField(max_length=8, choices=Repo.TYPES)
    revision = models.CharField(max_length=255, help_text="branch, tag or commit, as asked")
    mode = models.CharField(max_length=8, choices=MODES)
    all_refs = models.BooleanField(default=False)
    target = models.CharField(max_length=200, help_text="ns/name here, also before the repo is made")
    refresh = models.BooleanField(default=False, help_text="looked at every night, where IMPORT_REFRESH is on")
    sealed_token = models.TextField(blank=True, help_text="encrypted with a key that is not in the database")

    repo = models.ForeignKey(Repo, null=True, on_delete=models.SET_NULL, related_name="imports")
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="imports")
    commit = models.ForeignKey(Commit, null=True, on_delete=models.SET_NULL, related_name="+")
    source_commit = models.CharField(max_length=40, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    imported_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("type", Lower("target"), name="import_target_once")]
        indexes = [models.Index(fields=["owner", "-created_at"], name="import_of_owner")]

    def __str__(self) -> str:
        return f"{self.remote} into {self.target}"


class ImportedCommit(TimeStamped):
    """A commit of ours and the one of the source that it holds. `remote_files`: {path, size_bytes, sha256, reason} of what is not here."""

    origin = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="commits")
    commit = models.ForeignKey(Commit, on_delete=models.CASCADE, related_name="imported_as")
    source_commit = models.CharField(max_length=40)
    mode = models.CharField(max_length=8, choices=Import.MODES)
    remote_files = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["origin", "commit"], name="imported_commit_once")]
        indexes = [models.Index(fields=["source_commit"], name="imported_source_commit")]

    def __str__(self) -> str:
        return self.source_commit
