from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class BenchmarksConfig(AppConfig):
    name = "hub.benchmarks"

    def ready(self) -> None:
        post_migrate.connect(_sync, sender=self, dispatch_uid="benchmarks-builtin")


def _sync(using: str, **_: Any) -> None:
    """After a migration that stops half-way (or goes back) the tables may not be there."""
    from django.db import connections

    from hub.benchmarks.builtins import builtins_sync
    from hub.benchmarks.models import Benchmark, BenchmarkVersion

    tables = set(connections[using].introspection.table_names())
    if {Benchmark._meta.db_table, BenchmarkVersion._meta.db_table} <= tables:
        builtins_sync()
