"""The very examples on which two models differ; pictures and texts come from the dataset."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.catalog.models import Commit
from hub.evals.models import Evaluation
from hub.evals.pair import ChangedExample
from hub.pages.benchmarks.examples import words_of
from hub.pages.samples.pictures import Picture
from hub.pages.samples.split import Sampled, split_rows

_INDEX = "index"
_OWN = (_INDEX, "label", "labels", "target")


@dataclass(frozen=True)
class Shown:
    """A change with what the example is: a picture, or words by column."""

    change: ChangedExample
    picture: Picture | None
    words: tuple[tuple[str, str], ...]


def shown(evaluation: Evaluation, changes: Sequence[ChangedExample], *, user: Any) -> tuple[list[Shown], str]:
    """The examples themselves, as far as `user` may open the dataset; else the reason why they are not shown, and numbers alone."""
    repo = evaluation.data_repo
    commit = Commit.objects.filter(repo=repo, oid=evaluation.data_commit).first() if repo is not None else None
    bare = [Shown(change, None, ()) for change in changes]
    if repo is None or commit is None:
        return bare, "Built-in data lies with the workers, so the examples themselves are not shown."
    commit.repo = repo
    sampled = split_rows(repo, commit, evaluation.split, sorted({change.row for change in changes}), user=user)
    if sampled.reason:
        return bare, sampled.reason
    if not _is_same_order(changes, sampled):
        return bare, "The rows of the dataset stand in another order than its answers, so the examples are not shown."
    places = {row: place for place, row in enumerate(sampled.rows)}
    return [_shown(change, sampled, places.get(change.row)) for change in changes], ""


def _is_same_order(changes: Sequence[ChangedExample], sampled: Sampled) -> bool:
    """Answers are kept in the order of the rows. Where a column numbers the examples, that is held against it."""
    numbers = sampled.columns.get(_INDEX)
    if numbers is None:
        return True
    by_row = dict(zip(sampled.rows, numbers, strict=True))
    return all(by_row.get(change.row) == change.example_id for change in changes)


def _shown(change: ChangedExample, sampled: Sampled, place: int | None) -> Shown:
    if place is None:
        return Shown(change, None, ())
    values = {name: column[place] for name, column in sampled.columns.items()}
    picture = next((value for value in values.values() if isinstance(value, Picture)), None)
    words = [(name, words_of(value)) for name, value in values.items() if name not in _OWN and not isinstance(value, Picture)]  # fmt: skip
    return Shown(change, picture, tuple(words[:4]))
