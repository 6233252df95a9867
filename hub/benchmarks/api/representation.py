"""Benchmarks as JSON."""

from collections.abc import Sequence
from typing import Any

from hub.accounts.models import User
from hub.benchmarks.definitions import metric_first
from hub.benchmarks.models import BenchmarkVersion
from hub.benchmarks.selectors import may_change
from workers.contracts.benchmarks import Definition


def benchmark_row(version: BenchmarkVersion) -> dict[str, Any]:
    row, definition = version.benchmark, Definition.model_validate(version.definition)
    return {
        "name": row.name,
        "title": row.title,
        "summary": row.summary,
        "namespace": row.namespace.name if row.namespace is not None else None,
        "number": version.number,
        "task": version.task,
        "data": version.data_repo.full_name if version.data_repo is not None else version.data_name,
        "split": definition.split,
        "metric": metric_first(definition),
        "examples": version.examples,
        "digest": version.digest,
        "retired": version.retired,
        "created_at": version.created_at,
    }


def version_json(version: BenchmarkVersion) -> dict[str, Any]:
    return {name: getattr(version, name) for name in ("number", "digest", "definition", "examples", "example_hash", "retired", "noticed", "created_at")}  # fmt: skip


def benchmark_json(version: BenchmarkVersion, versions: Sequence[BenchmarkVersion], user: User) -> dict[str, Any]:
    return benchmark_row(version) | {
        "definition": version.definition,
        "example_hash": version.example_hash,
        "noticed": version.noticed,
        "trouble": version.trouble.get("findings") or [],
        "versions": [version_json(row) for row in versions],
        "may_change": may_change(user, version.benchmark),
    }
