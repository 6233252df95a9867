"""Reads of evaluations."""

from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import commit_resolve
from hub.evals.comparing import comparison_of
from hub.evals.models import Evaluation
from hub.evals.records import Comparison, DomainScore, Flips, GivenUp, ModelScores, SeedRow
from hub.evals.twins import Reader, evaluations_at

__all__ = [
    "Comparison", "DomainScore", "Flips", "GivenUp", "ModelScores", "SeedRow", "comparison_of", "evaluations_of",
]  # fmt: skip


def evaluations_of(repo: Repo, commit: Commit | None = None, *, user: Reader = None) -> list[Evaluation]:
    """The newest evaluation of each dataset split, of the weights at `commit` (default: the head of the default branch).

    SECURITY: what `user` may not read of the data is left out; without a user only what everybody may read is there.
    """
    at = commit if commit is not None else commit_resolve(repo, repo.default_branch)
    return sorted(evaluations_at(repo.pk, at, user).values(), key=lambda row: (row.data_name, row.split))
