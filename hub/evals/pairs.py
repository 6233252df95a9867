"""Two results put side by side: worked out once by a worker, kept, and read by pages and REST. Loads no arrays itself."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.core.cache import cache

from hub.core.errors import Invalid, NotFound
from hub.evals.models import Evaluation
from hub.evals.pair import ChangedExample, Pair
from hub.evals.pair_checks import pair_check
from hub.evals.twins import Reader
from hub.jobs.bell import send_after_commit
from workers.statistics.equivalence import MARGIN, equivalence
from workers.statistics.multiple import holm

CACHE_S = 30 * 24 * 3600
ASKED_S = 60
MOST_EXAMPLES_HERE = 200_000
MARGINS = (0.001, 0.5)
KINDS = ("gained", "lost", "both_wrong", "changed_wrong", "both_right")


def results_get(*, user: Reader, idents: Sequence[UUID]) -> list[Evaluation]:
    """In the order of `idents`. SECURITY: what `user` may not read of any, or of its data, answers as if it were not there.

    Raises:
        NotFound: one of them is not there, or not for them.
    """
    rows = Evaluation.objects.visible_to(user).select_related("predictions", "repo", "data_repo").in_bulk(idents)
    if not set(idents) <= set(rows):
        raise NotFound("There is no such result, or you may not see it.")
    return [rows[ident] for ident in idents]


def pair_of(first: Evaluation, second: Evaluation) -> Pair:
    """Everything that can be said of two results over the same examples, seen from the first. Worked out here if need be.

    SECURITY: the caller has both from `visible_to`.

    Raises:
        Invalid: the two cannot be put side by side; the message says why and what to do.
    """
    found: Pair | None = cache.get(_key(first, second))
    if found is None:
        # Arrays are loaded here only: workers have mostly been here before, and the web stays small.
        from hub.evals.pairing import pair_compute

        found = pair_compute(first, second)
        cache.set(_key(first, second), found, CACHE_S)
    return found


def pair_kept(first: Evaluation, second: Evaluation) -> Pair | None:
    """What was worked out before. None: a worker has been asked, and a later call finds it.

    Raises:
        Invalid: that can be seen without reading an answer (other definitions, answers not kept, too many).
    """
    found: Pair | None = cache.get(_key(first, second))
    if found is not None:
        return found
    pair_check(first, second)
    if cache.add(_key(first, second) + ":asked", 1, ASKED_S):
        send_after_commit("hub.pair", str(first.pk), str(second.pk))
    return None


def margin_parse(text: str | None) -> float:
    """Points as somebody wrote them, as a share; without any, one point.

    Raises:
        Invalid: no number, or outside of 0.1 to 50 points.
    """
    if not (text or "").strip():
        return MARGIN
    try:
        points = float(str(text)[:40].replace(",", "."))
    except ValueError:
        points = float("nan")
    least, most = (100 * end for end in MARGINS)
    if not least <= points <= most:
        raise Invalid(
            f"The margin is {str(text)[:40]!r}. Write how many points are too small to matter: {least:g} to {most:g}."
        )
    return points / 100


def with_margin(pair: Pair, margin: float) -> Pair:
    """The same two, held to another margin; only of a share do points mean something."""
    if pair.equivalence is None or pair.difference is None or pair.equivalence.margin == margin:
        return pair
    return replace(pair, equivalence=equivalence(pair.difference, margin))


def pairs_of(first: Evaluation, others: Sequence[Evaluation]) -> tuple[Pair, ...]:
    """The first beside each of `others`, p-values adjusted by Holm over all of them. Worked out here if need be."""
    return adjusted([pair_of(first, other) for other in others])


def pairs_kept(first: Evaluation, others: Sequence[Evaluation]) -> tuple[Pair, ...] | None:
    """What was worked out before, adjusted as in `pairs_of`. None: workers have been asked for what is missing."""
    found = [pair_kept(first, other) for other in others]
    pairs = [pair for pair in found if pair is not None]
    return adjusted(pairs) if len(pairs) == len(found) else None


def adjusted(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """The more differences are looked at, the more of them are chance: Holm's p over all of them."""
    values = iter(holm([pair.p_value for pair in pairs if pair.p_value is not None]))
    return tuple(replace(pair, p_adjusted=next(values) if pair.p_value is not None else None) for pair in pairs)


def examples_changed(first: Evaluation, second: Evaluation, kind: str) -> list[ChangedExample]:
    """The examples of one kind, in the order of the data; of scores that are not right or wrong, the largest change first.

    gained: right in the first, wrong in the second (or better by more than 0.05); lost: the other way round; changed_wrong:
    wrong in both, with other answers.

    Args:
        kind: one of `KINDS`.

    Raises:
        Invalid: as in `pair_of`; no such kind; or too many examples to go through while somebody waits.
    """
    from hub.evals.pair_examples import changed

    if kind not in KINDS:
        raise Invalid(f"{kind[:40]} is no kind of change. Take one of: {', '.join(KINDS)}.")
    if max(first.examples, second.examples) > MOST_EXAMPLES_HERE:
        raise Invalid(f"These results have more than {MOST_EXAMPLES_HERE} examples. Read the kept answers instead.")
    return changed(first, second, kind)


def _key(first: Evaluation, second: Evaluation) -> str:
    """Evaluations never change: their numbers name the result."""
    return f"pair:2:{first.pk}:{second.pk}"
