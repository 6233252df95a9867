"""Benchmarks: named, versioned definitions of what is measured. A version never changes; its digest is on every number measured with it."""

from django.db import models

from hub.core.models import Identified, TimeStamped

ONE_CLASS = "one_class"


class Benchmark(Identified, TimeStamped):
    """`name` is one word, unique on the hub: /benchmarks/{name}. Built-in ones belong to nobody.

    Who may see it is who may read the data of its newest version; who may change it is who may write to `namespace`.
    """

    name = models.CharField(max_length=96, unique=True)
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    namespace = models.ForeignKey("accounts.Namespace", null=True, on_delete=models.CASCADE, related_name="benchmarks")
    created_by = models.ForeignKey("accounts.User", null=True, on_delete=models.SET_NULL, related_name="+")


class BenchmarkVersion(Identified, TimeStamped):
    """`definition` is a `workers.contracts.benchmarks.Definition`, `digest` its digest. `example_hash` is the sha256 over the

    sorted hashes of the examples, known from the first measurement on. `retired` says why numbers of it are not to be used.
    `noticed` are the warnings of its making, `trouble` what the data was refused for when it was measured, until it works.
    """

    benchmark = models.ForeignKey(Benchmark, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    digest = models.CharField(max_length=64, db_index=True)
    task = models.CharField(max_length=40)
    data_repo = models.ForeignKey(
        "catalog.Repo", null=True, on_delete=models.SET_NULL, related_name="benchmark_versions"
    )
    data_name = models.CharField(max_length=200)
    data_commit = models.CharField(max_length=40, blank=True)
    examples = models.BigIntegerField(default=-1)
    example_hash = models.CharField(max_length=64, blank=True)
    retired = models.CharField(max_length=300, blank=True)
    noticed = models.JSONField(default=list)
    trouble = models.JSONField(default=dict)

    @property
    def one_class(self) -> str:
        """A sentence where all examples are of one class, as the data's first part or a measurement found: accuracy says nothing there."""
        return next((str(entry["message"]) for entry in self.noticed if entry.get("code") == ONE_CLASS), "")

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["benchmark", "number"], name="benchmark_version_once"),
            models.UniqueConstraint(fields=["benchmark", "digest"], name="benchmark_digest_once"),
        ]
