"""Every single answer of an evaluation, read back from its parquet."""

import io
from dataclasses import dataclass

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from hub.blobs.services import blob_bytes
from hub.evals.models import Evaluation

LEAST_OVERLAP = 0.95


@dataclass(frozen=True)
class Answers:
    """`correct` by example; `example_id` is the example's number in its collection, `sha` its content."""

    example_id: NDArray[np.int64]
    sha: tuple[str, ...]
    correct: NDArray[np.bool_]


def answers_of(evaluation: Evaluation) -> Answers | None:
    """None where no answers were kept."""
    if evaluation.predictions is None:
        return None
    columns = ["example_id", "example_sha", "correct"]
    table = pq.read_table(io.BytesIO(blob_bytes(blob=evaluation.predictions)), columns=columns)
    return Answers(
        table["example_id"].to_numpy(),
        tuple(table["example_sha"].to_pylist()),
        table["correct"].to_numpy(),
    )


def joined(answers: list[Answers]) -> tuple[NDArray[np.int64], NDArray[np.bool_], int] | None:
    """Example ids `[n]`, right or wrong `[models, n]` on the examples that all have, and how many were dropped.

    Joins on content, not on place. None when fewer than 95 % of the examples match: that is another dataset.
    """
    common = set(answers[0].sha)
    for item in answers[1:]:
        common &= set(item.sha)
    largest = max(len(item.sha) for item in answers)
    if not common or len(common) < LEAST_OVERLAP * largest:
        return None
    order = [sha for sha in dict.fromkeys(answers[0].sha) if sha in common]
    rows = []
    for item in answers:
        place = {sha: number for number, sha in enumerate(item.sha)}
        rows.append(item.correct[[place[sha] for sha in order]])
    place = {sha: number for number, sha in enumerate(answers[0].sha)}
    return answers[0].example_id[[place[sha] for sha in order]], np.stack(rows), largest - len(order)
