"""What a child kept of its specialists and of its base, dataset by dataset."""

from hub.evals.records import Kept
from hub.evals.study import Study
from hub.evals.study_answers import StudyAnswers
from workers.statistics.clustered import Table, clustered_means, clustered_ratios
from workers.statistics.normalised import normalised, recovered


def kept_rows(answers: StudyAnswers, study: Study, specialists: list[int]) -> tuple[Kept, ...]:
    """One row per dataset; `specialists` holds the parent that is best on each."""
    base = next((number for number, member in enumerate(study.members) if member.role == "base"), None)
    scores = {
        (number, place): answers.table(number, place).mean
        for place in range(answers.splits)
        for number in (0, specialists[place], *([] if base is None else [base]))
    }
    higher = answers.sign > 0
    ratios: dict[int, tuple[Table, Table]] = {}
    for place, best in enumerate(specialists):
        if _is_measurable(scores[best, place], answers.chance[place], scores[0, place], higher):
            mine, theirs = answers.table(0, place), answers.table(best, place)
            ratios[place] = (mine, theirs) if higher else (theirs, mine)
    intervals = clustered_ratios(ratios)
    forgotten = {}
    if base is not None:
        forgotten = clustered_means({place: answers.difference(base, 0, place) for place in range(answers.splits)})
    rows = []
    for place, best in enumerate(specialists):
        child, specialist, chance = scores[0, place], scores[best, place], answers.chance[place]
        rows.append(
            Kept(
                study.keys[place][0],
                study.members[best].reference,
                intervals.get(place),
                chance,
                normalised(child, specialist, chance=chance) if chance is not None else None,
                recovered(child, specialist, scores[base, place], higher_is_better=higher)
                if base is not None
                else None,
                forgotten.get(place),
            )
        )
    return tuple(rows)


def _is_measurable(specialist: float, chance: float | None, child: float, higher: bool) -> bool:
    if chance is not None and normalised(child, specialist, chance=chance) is None:
        return False
    return normalised(child, specialist, higher_is_better=higher) is not None
