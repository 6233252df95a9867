"""Features that somebody worked out for a sample of their own: ranked as they are. Neither examples nor models are needed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.contracts.errors import UserError
from workers.contracts.estimators import ESTIMATORS
from workers.contracts.findings import Finding
from workers.engine.transfer.sample import Views
from workers.engine.transfer.scores import places_of, scores_of
from workers.planning.rank import LEAST

FEATURES, PROBABILITIES, LABELS, TARGET = "features", "probabilities", "labels", "target"


def ranking_given(files: Sequence[Path], *, seed: int = 0) -> dict[str, Any]:
    """One file per model, safetensors, all over the same examples in the same order.

    `features` float `[n, d]`: what the model makes of each example before its head; `labels` int `[n]`, or `target` float `[n]`
    for numbers; `probabilities` `[n, classes of the model]` where LEEP and NCE are wanted.

    Returns:
        what a ranking's report has of results, places and estimators, best first.

    Raises:
        UserError: with every file that cannot be ranked and why; or the files are not about the same examples.
    """
    findings: list[Finding] = []
    views: dict[int, Views] = {}
    targets: dict[int, NDArray[Any]] = {}
    for number, path in enumerate(files):
        try:
            views[number], targets[number] = _read(path)
        except UserError as error:
            findings.append(_finding(number, str(error)))
    first = targets.get(min(targets, default=0))
    for number, held in targets.items():
        if first is not None and not np.array_equal(held, first):
            name = files[min(targets)].name
            message = f"{files[number].name} has other labels than {name}. All files must hold the same examples in the same order."
            findings.append(_finding(number, message))
    if findings or first is None:
        raise UserError(findings[0].message if findings else "No files are given.", tuple(findings))
    return _report(files, views, first, seed)


def _report(files: Sequence[Path], views: dict[int, Views], targets: NDArray[Any], seed: int) -> dict[str, Any]:
    is_classes = targets.dtype.kind in "iu"
    estimators = [row for row in ESTIMATORS if is_classes or row.ranks_numbers]
    names = [path.stem if sum(other.stem == path.stem for other in files) == 1 else str(path) for path in files]
    scores = {
        number: scores_of(view, targets, estimators, name=names[number], seed=seed) for number, view in views.items()
    }
    places = {row.name: places_of(scores, row.name) for row in estimators}
    known = [row.name for row in estimators if places[row.name]]
    order = sorted(scores, key=lambda number: (places[known[0]].get(number, len(files) + 1), names[number]))
    return {
        "kind": "rank", "examples": len(targets), "estimators": known, "ordered_by": known[0], "left_out": [],
        "baseline": float(np.unique(targets, return_counts=True)[1].max() / len(targets)) if is_classes else None,
        "results": [
            {
                "model": {"reference": names[number]}, "place": places[known[0]].get(number), "scores": scores[number],
                "places": {name: held[number] for name, held in places.items() if number in held},
            }
            for number in order
        ],
    }  # fmt: skip


def _read(path: Path) -> tuple[Views, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        held = load_file(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {(error.strerror or 'no such file').lower()}.") from error
    except (SafetensorError, TypeError, KeyError, ValueError) as error:
        message = f"{path.name} is no safetensors file of float32, float64 or whole numbers."
        raise UserError(message) from error
    targets = _targets(path.name, held)
    features, probabilities = (_matrix(path.name, name, held.get(name), len(targets)) for name in (FEATURES, PROBABILITIES))  # fmt: skip
    if features is None and probabilities is None:
        raise UserError(f"{path.name} holds neither {FEATURES} nor {PROBABILITIES}. It has {_listed(held)}.")
    return Views(features, probabilities), targets


def _targets(name: str, held: dict[str, NDArray[Any]]) -> NDArray[Any]:
    given = held.get(LABELS, held.get(TARGET))
    if given is None:
        raise UserError(f"{name} holds neither {LABELS} nor {TARGET}. It has {_listed(held)}.")
    if given.ndim != 1 or (LABELS in held and given.dtype.kind not in "iu"):
        raise UserError(f"{LABELS} of {name} must be whole numbers, one an example; {TARGET} is for other numbers.")
    if len(given) < LEAST:
        raise UserError(f"{name} has {len(given)} examples. A ranking needs at least {LEAST}.")
    if len(np.unique(given)) < 2:
        raise UserError(f"All examples of {name} have the same answer. No model can be better at that than another.")
    if not np.isfinite(given).all():
        raise UserError(f"{TARGET} of {name} holds NaN or infinity.")
    return given.astype(np.int64 if LABELS in held else np.float64)


def _matrix(name: str, key: str, given: NDArray[Any] | None, rows: int) -> NDArray[Any] | None:
    if given is None:
        return None
    if given.ndim != 2 or len(given) != rows or not given.shape[1] or given.dtype.kind != "f":
        raise UserError(
            f"{key} of {name} must be a matrix of floats with {rows} rows, not {given.dtype} {list(given.shape)}."
        )
    if not np.isfinite(given).all():
        raise UserError(f"{key} of {name} hold NaN or infinity.")
    return given


def _listed(held: dict[str, NDArray[Any]]) -> str:
    return ", ".join(sorted(held)[:8]) or "no tensors"


def _finding(number: int, message: str) -> Finding:
    return Finding(code="features_invalid", severity="error", message=message, where=f"files[{number}]", stage="run")
