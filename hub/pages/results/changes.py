"""The very examples on which two models differ, with what each of them says; pictures and texts come from the dataset."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.catalog.models import Commit
from hub.evals.models import Evaluation
from hub.pages.benchmarks.examples import words_of
from hub.pages.results.columns import answer_columns
from hub.pages.samples.pictures import Picture
from hub.pages.samples.split import Sampled, split_rows

KINDS = ("fixed", "broken", "both-wrong")
_INDEX = "index"
_OWN = (_INDEX, "label", "labels", "target")


@dataclass(frozen=True)
class Change:
    """One example: `row` in its split, what is right, what this model and the other say, each with its confidence where known."""

    row: int
    example_id: int
    gold: int
    mine: int
    theirs: int
    my_confidence: float | None
    their_confidence: float | None


@dataclass(frozen=True)
class Shown:
    """A change with what the example is: a picture, or words by column."""

    change: Change
    picture: Picture | None
    words: tuple[tuple[str, str], ...]


def changes_of(evaluation: Evaluation, other: Evaluation) -> dict[str, list[Change]] | None:
    """By kind, seen from `evaluation`: fixed, broken, wrong in both. Joined on what the examples are, not on their place.

    None where single answers were not kept, or are not classes that are right or wrong.
    """
    mine, theirs = answer_columns(evaluation), answer_columns(other)
    if mine is None or theirs is None or any("correct" not in item or item["prediction"].dtype.kind not in "iu" for item in (mine, theirs)):  # fmt: skip
        return None
    places: dict[str, list[int]] = {}
    for place, sha in enumerate(theirs["example_sha"]):
        places.setdefault(str(sha), []).append(place)
    found: dict[str, list[Change]] = {kind: [] for kind in KINDS}
    for row, sha in enumerate(mine["example_sha"]):
        same = places.get(str(sha))
        if not same:
            continue
        place = same.pop(0)
        kind = _kind(bool(mine["correct"][row]), bool(theirs["correct"][place]))
        if kind is not None:
            found[kind].append(
                Change(
                    row, int(mine["example_id"][row]), int(mine["gold"][row]), int(mine["prediction"][row]), int(theirs["prediction"][place]),
                    _confidence(mine, row), _confidence(theirs, place),
                )
            )  # fmt: skip
    return found


def _kind(is_right: bool, was_right: bool) -> str | None:
    if is_right and was_right:
        return None
    return "fixed" if is_right else "broken" if was_right else "both-wrong"


def _confidence(columns: Any, row: int) -> float | None:
    return float(columns["confidence"][row]) if "confidence" in columns else None


def shown(evaluation: Evaluation, changes: Sequence[Change], *, user: Any) -> tuple[list[Shown], str]:
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


def _is_same_order(changes: Sequence[Change], sampled: Sampled) -> bool:
    """Answers are kept in the order of the rows. Where a column numbers the examples, that is held against it."""
    numbers = sampled.columns.get(_INDEX)
    if numbers is None:
        return True
    by_row = dict(zip(sampled.rows, numbers, strict=True))
    return all(by_row.get(change.row) == change.example_id for change in changes)


def _shown(change: Change, sampled: Sampled, place: int | None) -> Shown:
    if place is None:
        return Shown(change, None, ())
    values = {name: column[place] for name, column in sampled.columns.items()}
    picture = next((value for value in values.values() if isinstance(value, Picture)), None)
    words = [(name, words_of(value)) for name, value in values.items() if name not in _OWN and not isinstance(value, Picture)]  # fmt: skip
    return Shown(change, picture, tuple(words[:4]))
