"""What was measured: one row per model commit and dataset split, with every single answer kept as a parquet blob."""

from django.db import models

from hub.core.models import Identified, TimeStamped
from hub.evals.querysets import EvaluationQuerySet


class Evaluation(Identified, TimeStamped):
    """`metrics` holds accuracy, nll, each with n and a 95 % interval. `predictions` is parquet: example_id, example_sha, gold, prediction, correct, logprob."""

    repo = models.ForeignKey("catalog.Repo", on_delete=models.CASCADE, related_name="evaluations")
    commit_oid = models.CharField(max_length=40)
    data_repo = models.ForeignKey("catalog.Repo", null=True, on_delete=models.SET_NULL, related_name="measured")
    data_name = models.CharField(max_length=200)
    data_commit = models.CharField(max_length=40, blank=True)
    split = models.CharField(max_length=16)
    metrics = models.JSONField()
    examples = models.BigIntegerField()
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="evaluations")
    predictions = models.ForeignKey("blobs.Blob", null=True, on_delete=models.PROTECT, related_name="+")

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["repo", "commit_oid"], name="evaluation_of_commit")]
        constraints = [
            models.UniqueConstraint(
                fields=["repo", "commit_oid", "data_name", "data_commit", "split", "job"],
                name="evaluation_once_per_job",
            )
        ]
