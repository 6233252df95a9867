"""Evaluations and comparisons as JSON. What the reader may not see the selectors have left out already."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from hub.accounts.models import User
from hub.evals.models import Evaluation
from hub.evals.records import Comparison
from hub.jobs.models import Job
from workers.statistics.interval import Interval


def evaluations_json(rows: Sequence[Evaluation], user: User) -> list[dict[str, Any]]:
    jobs = set(Job.objects.visible_to(user).filter(pk__in=[row.job_id for row in rows]).values_list("pk", flat=True))
    return [
        {
            "id": row.pk,
            "commit": row.commit_oid,
            "data": row.data_name,
            "data_commit": row.data_commit,
            "split": row.split,
            "task": row.task,
            "digest": row.definition_digest,
            "examples": row.examples,
            "labels": row.labels,
            "metric": row.metric,
            "metrics": row.metrics,
            "cost": {name: value for name, value in row.cost.items() if value is not None},
            "repeat": row.repeat,
            "example_hash": row.example_hash,
            "duplicates": row.duplicates,
            "leakage": row.leakage,
            "invalid": row.invalid,
            "job": row.job_id if row.job_id in jobs else None,
            "created_at": row.created_at,
        }
        for row in rows
    ]


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    return {
        "split": comparison.split,
        "models": [
            {
                "reference": model.reference, "role": model.role, "commit": model.commit, "weight": model.weight,
                "mean": _interval(model.mean),
                "per_domain": {name: _domain(score) for name, score in model.per_domain.items()},
                "seed_means": list(model.seed_means),
            }
            for model in comparison.models
        ],
        "metric": comparison.metric,
        "best_parent": comparison.best_parent,
        "gain": _interval(comparison.gain),
        "given_up": [{"data": row.data, "parent": row.parent, "difference": _interval(row.difference)} for row in comparison.given_up],
        "flips": [asdict(row) for row in comparison.flips],
        "kept": [asdict(row) for row in comparison.kept],
        "normalised": asdict(comparison.normalised) if comparison.normalised is not None else None,
        "seeds": [asdict(row) for row in comparison.seeds],
        "examples": comparison.examples,
        "sources": comparison.sources,
        "pooling": comparison.pooling,
        "dropped": comparison.dropped,
        "hidden": comparison.hidden,
        "missing": list(comparison.missing),
    }  # fmt: skip


def _domain(score: Any) -> dict[str, Any]:
    return {"accuracy": score.accuracy, "low": score.low, "high": score.high, "n": score.n}


def _interval(interval: Interval) -> dict[str, float]:
    return {"value": interval.value, "low": interval.low, "high": interval.high}
