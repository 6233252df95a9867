"""Filters and sort of a leaderboard as links and chips: the address holds the whole state."""

from dataclasses import dataclass

from django.http import HttpRequest, QueryDict

from hub.evals.filters import AXES
from hub.evals.leaderboards import Leaderboard
from hub.pages.browsing import Chip, url_with
from hub.pages.numbers import count_short, size
from hub.pages.words import artifact_word

LIMITS = (
    ("params_min", "at least {} parameters"),
    ("params_max", "at most {} parameters"),
    ("flops_max", "at most {} FLOPs"),
    ("latency_max", "at most {} ms"),
    ("size_max", "at most {}"),
)
KEPT = ("version", "sort", "from", "cost", "claimed")


@dataclass(frozen=True)
class Choice:
    word: str
    url: str
    is_chosen: bool


@dataclass(frozen=True)
class SortHead:
    """`direction` is for aria-sort: none, ascending or descending."""

    url: str
    direction: str


def chips_of(request: HttpRequest) -> list[Chip]:
    given = request.GET
    chips = []
    for key, word in (("q", "“{}”"), ("licence", "Licence: {}"), ("base", "Base: {}")):
        if given.get(key):
            chips.append(_chip(request, key, word.format(given[key][:60])))
    if given.get("artifact"):
        chips.append(_chip(request, "artifact", artifact_word(given["artifact"])))
    for key, word in LIMITS:
        if given.get(key):
            chips.append(_chip(request, key, word.format(_amount(key, given[key]))))
    if "claimed" in given:
        chips.append(_chip(request, "claimed", "With self-reported numbers"))
    if given.get("invalid"):
        chips.append(_chip(request, "invalid", "With numbers not to be used"))
    return chips


def _chip(request: HttpRequest, key: str, words: str) -> Chip:
    return Chip(words, url_with(request, page=None, **{key: None}), key, request.GET[key])


def _amount(key: str, text: str) -> str:
    value = float(text)
    return size(value) if key == "size_max" else count_short(value)


def choices_of(request: HttpRequest, found: Leaderboard) -> list[tuple[str, list[Choice]]]:
    """Groups of which there is more than one value to choose, or a chosen one."""
    groups = []
    for key, word in (("licence", "Licence"), ("artifact", "Kind")):
        values = found.choices.get(key, ())
        chosen = request.GET.get(key, "")
        if len(values) > 1 or chosen:
            groups.append(
                (
                    word,
                    [
                        Choice(
                            artifact_word(value) if key == "artifact" else value,
                            url_with(request, page=None, **{key: value}),
                            value.lower() == chosen.lower(),
                        )
                        for value in values
                    ],
                )
            )
    return groups


def sort_heads(request: HttpRequest, found: Leaderboard, sort: str) -> dict[str, SortHead]:
    """Pressing the chosen head once more turns it round."""
    name, is_turned = sort.removeprefix("-"), sort.startswith("-")
    heads = {}
    for key in ("score", "rank", "name", *AXES):
        is_here = key == name
        wanted = f"-{key}" if is_here and not is_turned else key
        falls = (key == "score" and found.metric.higher_is_better) != (is_here and is_turned)
        direction = ("descending" if falls else "ascending") if is_here else "none"
        heads[key] = SortHead(url_with(request, page=None, sort=None if wanted == "score" else wanted), direction)
    return heads


def hidden_fields(given: QueryDict, shown: tuple[str, ...]) -> list[tuple[str, str]]:
    """What a form of `shown` fields has to carry along so that nothing else of the state is lost."""
    keys = (*KEPT, "q", "licence", "artifact", "base", "invalid", *(key for key, _ in LIMITS))
    return [(key, given[key]) for key in keys if given.get(key) and key not in shown]
