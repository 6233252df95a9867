"""Choosing a method: all of them by what they need and by family, found by typing, two or three explained side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.pages.words import NEEDS_WORDS
from workers.contracts.methods import FAMILIES, Family, Method, family_of, method_get, methods_of
from workers.contracts.methods.explained import Explained, explained

MOST_BESIDE = 2
LEARNING = ("data", "labels", "gradients")
_NUMBERS = ("no", "one", "two", "three", "four")


@dataclass(frozen=True)
class Part:
    """The methods of one family among those of one need."""

    family: Family
    methods: tuple[Method, ...]


@dataclass(frozen=True)
class Group:
    title: str
    help: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Explanation:
    method: Method
    needs: str
    found: Explained


@dataclass(frozen=True)
class Chooser:
    """`groups` has every method, `matching` those that were looked for; `columns` explains the chosen one and those beside it."""

    groups: tuple[Group, ...]
    matching: tuple[Group, ...]
    find: str
    is_open: bool
    beside: tuple[str, ...]
    columns: tuple[Explanation, ...]
    sentence: str
    total: int


def chooser_of(
    chosen: str, *, find: str = "", beside: Sequence[str] = (), is_open: bool = False, has_base: bool = False
) -> Chooser:
    methods = methods_of("merge")
    known = {method.name: method for method in methods}
    others = [name for name in dict.fromkeys(beside) if name in known and name != chosen][:MOST_BESIDE]
    columns = [known[name] for name in (chosen, *others) if name in known]
    return Chooser(
        groups_of(methods),
        groups_of(found(methods, find)),
        find,
        is_open or bool(find),
        tuple([*others, *[""] * MOST_BESIDE][:MOST_BESIDE]),
        tuple(Explanation(method, needs_words(method), explained(method)) for method in columns),
        _sentence(methods, has_base),
        len(methods),
    )


def groups_of(methods: Sequence[Method]) -> tuple[Group, ...]:
    """By what they need beyond the weights, in each by family. Groups without a method are left out."""
    groups = [
        Group(
            title,
            help,
            tuple(
                Part(family, rows)
                for family in FAMILIES
                if (rows := tuple(row for row in family.methods if row in methods and row.needs == needs))
            ),
        )
        for needs, title, help in NEEDS_WORDS
    ]
    return tuple(group for group in groups if group.parts)


def found(methods: Sequence[Method], words: str) -> tuple[Method, ...]:
    """Those that say every word somewhere; all where nothing is looked for."""
    asked = words.casefold().split()[:12]
    return tuple(method for method in methods if all(word in _text(method) for word in asked))


def _text(method: Method) -> str:
    said = (
        method.name,
        method.label,
        method.summary,
        method.when,
        method.paper,
        family_of(method).label,
        needs_words(method),
    )
    return " ".join(said).casefold()


def needs_words(method: Method) -> str:
    """One sentence: what must be there, and how many sources."""
    needed = {"adapter": "LoRA adapters of one base", "expert": "language models built alike"}.get(
        method.takes, "models of one shape"
    )
    if method.takes == "tokenizer":
        needed = "a base, which gets the tokenizer, and a model that gives it"
    elif method.needs_base:
        needed = "a base and models that were made from it"
    elif method.takes_base:
        needed += ", a base if you like"
    if method.needs in LEARNING:
        needed += {
            "data": "; examples",
            "labels": "; labelled examples",
            "gradients": "; examples, and gradients on them",
        }[method.needs]
    return f"{needed[0].upper()}{needed[1:]}; {_counted(method)}."


def _counted(method: Method) -> str:
    low, high = method.minimum_sources, method.maximum_sources
    if high is not None:
        words = _word(high) if low == high else f"{_word(low)} to {_word(high)}"
        return f"{words} {'source' if high == 1 else 'sources'}"
    return f"{_word(low)} {'source' if low == 1 else 'sources'} or more"


def _word(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def _sentence(methods: Sequence[Method], has_base: bool) -> str:
    models = [method for method in methods if method.takes != "adapter"]
    without = sum(method.needs not in LEARNING and (has_base or not method.needs_base) for method in models)
    adapters = len(methods) - len(models)
    start = "With a base" if has_base else "Without a base"
    rest = f", {adapters} are for adapters" if adapters else ""
    return f"{start} {without} of {len(methods)} methods need nothing more{rest}."


def is_learning(method: Method | None) -> bool:
    return method is not None and (method.needs in LEARNING or bool(method.learn))


def old_defaults(was: str, now: str) -> dict[str, object]:
    """Defaults of the method that the form was shown for, where another one was chosen since: what nobody touched is not kept."""
    method = method_get("merge", was) if was != now else None
    return {parameter.name: parameter.default for parameter in method.parameters} if method is not None else {}
