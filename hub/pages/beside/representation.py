"""A comparison as JSON. What the reader may not see was left out before."""

from typing import Any

from hub.pages.beside.comparison import SideBySide
from hub.pages.beside.distances import Distances
from hub.pages.beside.scores import Mean, Score, ScoreRow


def side_by_side_json(found: SideBySide) -> dict[str, Any]:
    structure, combination = found.structure, found.combination
    return {
        "models": [{"reference": member.reference, "repo": member.full_name, "commit": member.oid, "is_open": member.is_open} for member in found.members],
        "facts": [{"key": row.key, "values": list(row.values), "differs": list(row.differs)} for row in found.facts],
        "scores": [_row(row) for row in found.scores],
        "means": [_mean(mean) for mean in found.means.values()],
        "structure": {
            "models": [member.reference for member in structure.members],
            "total": structure.total, "same": structure.same, "missing": structure.missing, "reshaped": structure.reshaped, "retyped": structure.retyped,
            "tensors": [{"name": row.name, "kind": row.kind, "forms": list(row.cells)} for row in structure.rows],
        },
        "distances": _distances(found.distances) if found.distances is not None else None,
        "combination": {
            "method": combination.method, "base": combination.base, "sources": list(combination.sources), "is_possible": combination.is_possible,
            "findings": [finding.model_dump(mode="json") for finding in combination.findings],
            "licence": combination.licence.model_dump(mode="json"), "not_checked": combination.closed,
        },
    }  # fmt: skip


def _row(row: ScoreRow) -> dict[str, Any]:
    return {
        "data": row.data, "split": row.split, "metric": row.metric.name, "higher_is_better": row.metric.higher_is_better,
        "scores": [_score(score) for score in row.scores], "best": row.best, "is_clear": row.is_clear,
    }  # fmt: skip


def _mean(mean: Mean) -> dict[str, Any]:
    values = [dict(zip(("low", "high"), mean.ends(place), strict=True)) | {"value": value} for place, value in enumerate(mean.values)]  # fmt: skip
    return {"metric": mean.metric.name, "datasets": mean.datasets, "values": values, "note": mean.note}


def _score(score: Score | None) -> dict[str, Any] | None:
    if score is None:
        return None
    return {"value": score.value, "low": score.low, "high": score.high, "n": score.n, "evaluation": score.evaluation.pk}


def _distances(distances: Distances) -> dict[str, Any]:
    return {
        "base": distances.base, "base_commit": distances.base_commit, "layers": list(distances.layers),
        "models": [
            {"reference": member.reference, "rms_per_thousand": list(values), "all_layers": whole}
            for member, values, whole in zip(distances.members, distances.rms, distances.whole, strict=True)
        ],
    }  # fmt: skip
