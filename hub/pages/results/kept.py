"""What a child kept of its specialists and its base, and its flips against each parent, as the result page shows them."""

from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from hub.evals.models import Evaluation
from hub.evals.records import Comparison, Flips, Kept
from hub.evals.twins import evaluations_at
from hub.pages.entry import Opened
from hub.pages.measured import domain_words, short
from hub.pages.measures import metric_of
from hub.pages.numbers import percent
from hub.pages.results.counting import together_words
from hub.pages.results.plain import plain_of
from hub.pages.results.saying import LEVEL, Difference, difference_of, p_words
from workers.statistics.interval import Interval


@dataclass(frozen=True)
class KeptLine:
    """`against_base`: child minus base, what was learned or forgotten."""

    word: str
    kept: Kept
    specialist: str
    against_base: Difference | None


@dataclass(frozen=True)
class FlipLine:
    """Against one parent over all datasets of one seed; `links` hold each dataset with its address and p, and lead to its examples."""

    flips: Flips
    name: str
    p: str
    is_clear: bool
    links: tuple[tuple[str, str, str], ...]

    @property
    def net(self) -> int:
        return self.flips.gained - self.flips.lost


def kept_context(opened: Opened, comparison: Comparison | None) -> dict[str, Any]:
    """For templates; empty where there is nothing to compare with."""
    if comparison is None:
        return {}
    return {
        "comparison": comparison,
        "plain": plain_of(opened, comparison),
        "kept": kept_lines(comparison),
        "kept_sentence": kept_sentence(comparison),
        "has_base": any(row.forgotten is not None for row in comparison.kept),
        "has_chance": any(row.above_chance is not None for row in comparison.kept),
        "flip_lines": flip_lines(opened, comparison),
        "flip_test": flip_test(comparison),
    }


def kept_lines(comparison: Comparison) -> list[KeptLine]:
    words = dict(zip(comparison.domains, domain_words(list(comparison.domains)), strict=True))
    lines = []
    metric = metric_of(comparison.metric)
    for row in comparison.kept:
        lost = row.forgotten
        # forgotten is base minus child: as a difference of the child its sign turns round
        turned = Interval(-lost.value, -lost.high, -lost.low) if lost is not None else None
        shown = difference_of(turned, metric)
        words_of = {"loss": "forgotten", "gain": "learned"}
        against = replace(shown, verdict=words_of.get(shown.verdict, shown.verdict)) if shown is not None else None
        lines.append(KeptLine(words.get(row.data, row.data), row, short(row.specialist), against))
    return lines


def kept_sentence(comparison: Comparison) -> str:
    """`On average it keeps 93.1 % of what the best parent of each dataset does; the least is 78.1 %.`"""
    found = comparison.normalised
    if found is None:
        return ""
    words = f"On average it does {percent(found.mean)} of what the best parent of each dataset does, at the least {percent(found.least)}"
    return f"{words}; on {found.kept} of {found.tasks} it keeps 95 % or more."


def flip_lines(opened: Opened, comparison: Comparison) -> list[FlipLine]:
    words = dict(zip(comparison.domains, domain_words(list(comparison.domains)), strict=True))
    namespace, _, name = opened.repo.full_name.partition("/")
    at = reverse("repo-measurements-against", args=[namespace, name])
    lines = []
    for row in comparison.flips:
        p = row.p_adjusted if row.p_adjusted is not None else row.p_value
        alone = {part.data: part.p_adjusted for part in row.by_data}
        found = tuple(
            (words[data], f"{at}?{urlencode({'parent': row.parent, 'data': data})}", p_words(alone.get(data)))
            for data in comparison.domains
        )
        lines.append(FlipLine(row, short(row.parent), p_words(p), p is not None and p < LEVEL, found))
    return lines


def flip_test(comparison: Comparison) -> str:
    """Where the p of the table comes from."""
    tests = {row.test for row in comparison.flips}
    if "" in tests:
        return "The datasets may hold the same examples, so there is no p over all of them; those of single datasets are McNemar’s"
    alone = "those of single datasets are McNemar’s"
    if "signs" in tests:
        return f"p takes the answers to {together_words(comparison)} together, which are not independent; {alone}"
    return "p is McNemar’s"


def measured_beside(opened: Opened, *, parent: str, data: str, user: Any) -> tuple[Evaluation, Evaluation] | None:
    """The newest measurement of this entry on `data` and one of `parent` that means the same."""
    own = [row for row in evaluations_at(opened.repo.pk, opened.commit, user).values() if row.data_name == data]
    rows = Evaluation.objects.visible_to(user).filter(repo__full_name=parent, data_name=data, invalid="").exclude(predictions=None).select_related("repo")  # fmt: skip
    found = [(mine, row) for mine in own for row in rows.order_by("created_at") if _meaning(mine) == _meaning(row)]
    test = [pair for pair in found if pair[0].split == "test"]
    return max(test or found, key=lambda pair: (pair[0].created_at, pair[1].created_at), default=None)


def _meaning(row: Evaluation) -> tuple[str, str, str]:
    return row.definition_digest, row.data_commit, row.split
