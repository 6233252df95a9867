"""All that /compare shows, page and REST alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.pages.beside.combining import Combination, combination_of
from hub.pages.beside.distances import Distances, distances_of
from hub.pages.beside.facts import FactRow, fact_rows
from hub.pages.beside.members import LEAST, Member, Reader, members_of
from hub.pages.beside.scores import Mean, ScoreRow, means_by_metric, score_rows
from hub.pages.beside.structure import Structure, structure_of


@dataclass(frozen=True)
class SideBySide:
    members: tuple[Member, ...]
    facts: tuple[FactRow, ...]
    scores: tuple[ScoreRow, ...]
    means: dict[str, Mean]
    structure: Structure
    distances: Distances | None
    combination: Combination


def side_by_side(texts: Sequence[str], *, user: Reader) -> SideBySide | list[Member]:
    """The members alone where there are fewer than two: nothing can be compared then."""
    members = members_of(texts, user=user)
    if len(members) < LEAST:
        return members
    scores = score_rows(members, user=user)
    return SideBySide(
        tuple(members),
        tuple(fact_rows(members)),
        tuple(scores),
        means_by_metric(scores, len(members)),
        structure_of(members),
        distances_of(members, user=user),
        combination_of(members, user=user),
    )
