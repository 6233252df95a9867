"""What was measured: one row per model commit and definition, with every single answer kept as a parquet blob."""

from django.db import models

from hub.core.models import Identified, TimeStamped
from hub.evals.querysets import EvaluationQuerySet


class Evaluation(Identified, TimeStamped):
    """`metrics` holds each metric of the task with its value, n and 95 % interval. `predictions` is parquet: example_id, example_sha and the answer columns of the task."""

    repo = models.ForeignKey("catalog.Repo", on_delete=models.CASCADE, related_name="evaluations")
    commit_oid = models.CharField(max_length=40)
    data_repo = models.ForeignKey("catalog.Repo", null=True, on_delete=models.SET_NULL, related_name="measured")
    data_name = models.CharField(max_length=200)
    data_commit = models.CharField(max_length=40, blank=True)
    split = models.CharField(max_length=16)
    metrics = models.JSONField()
    examples = models.BigIntegerField()
    # What the number means: equal digests may be put side by side, others not. "" on rows from before there were definitions.
    definition = models.JSONField(default=dict)
    definition_digest = models.CharField(max_length=64, blank=True)
    task = models.CharField(max_length=40, default="image-classification")
    # Class names in the order of the numbers in the answers: the data's order where the definition names none.
    labels = models.JSONField(default=list)
    # The first metric of the definition, as a column: leaderboards sort by it.
    metric = models.CharField(max_length=40, default="accuracy")
    score = models.FloatField(null=True)
    score_low = models.FloatField(null=True)
    score_high = models.FloatField(null=True)
    # parameters, flops, latency_ms {p50, p90, p99}, examples_per_s, peak_memory_bytes, size_bytes, device
    cost = models.JSONField(default=dict)
    # The same measurement again: how far apart its numbers lie is the noise floor.
    repeat = models.PositiveSmallIntegerField(default=0)
    # sha256 over the sorted examples: equal data, equal hash; "" on rows from before it was kept.
    example_hash = models.CharField(max_length=64, blank=True)
    # Examples that say again what another one said, and of other splits and of data that was trained on how many of these examples they hold too. null, {}: not looked.
    duplicates = models.PositiveIntegerField(null=True)
    leakage = models.JSONField(default=dict)
    invalid = models.CharField(max_length=300, blank=True, help_text="why this number is not to be used")
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="evaluations")
    predictions = models.ForeignKey("blobs.Blob", null=True, on_delete=models.PROTECT, related_name="+")

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["repo", "commit_oid"], name="evaluation_of_commit"),
            models.Index(fields=["definition_digest", "-score"], name="evaluation_by_definition"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "repo",
                    "commit_oid",
                    "data_name",
                    "data_commit",
                    "split",
                    "definition_digest",
                    "repeat",
                    "job",
                ],
                name="evaluation_once_per_job",
            )
        ]


class Standing(TimeStamped):
    """One place on a leaderboard: which ranks it may hold, given how uncertain the scores are. Worked out after each measurement."""

    evaluation = models.OneToOneField(Evaluation, on_delete=models.CASCADE, primary_key=True, related_name="standing")
    definition_digest = models.CharField(max_length=64, db_index=True)
    rank_low = models.PositiveIntegerField()
    rank_high = models.PositiveIntegerField()


class Ranking(Identified, TimeStamped):
    """What a job of the kind rank found: which models to start from for somebody's labelled sample. `result` is its report."""

    job = models.OneToOneField("jobs.Job", on_delete=models.CASCADE, related_name="ranking")
    result = models.JSONField()
