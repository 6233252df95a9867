"""The models of a merge as the checks see them: base first, then the sources, each with its facts and its name in messages."""

from collections import Counter
from dataclasses import dataclass

from workers.contracts.facts import RepoFacts
from workers.contracts.methods import method_get
from workers.contracts.paths import Path
from workers.contracts.recipes import MergeRecipe
from workers.planning.architectures import Shape, shape_of
from workers.planning.check import Facts
from workers.planning.wording import short_name


@dataclass(frozen=True)
class Member:
    """`position` counts the request's models, as plans do; `source` is the place among the sources, None for the base."""

    position: int
    source: int | None
    text: str
    name: str
    facts: RepoFacts | None

    @property
    def path(self) -> Path:
        return ("base",) if self.source is None else ("sources", self.source)

    @property
    def title(self) -> str:
        """How a sentence about another model names this one."""
        return "the base" if self.source is None else self.name


@dataclass(frozen=True)
class Known:
    """A member whose facts are there."""

    member: Member
    facts: RepoFacts
    shape: Shape

    @property
    def name(self) -> str:
        return self.member.name

    @property
    def title(self) -> str:
        return self.member.title

    @property
    def path(self) -> Path:
        return self.member.path


def reads_base(recipe: MergeRecipe) -> bool:
    """Whether the recipe's base goes into the result. A method that the table does not have might read it."""
    method = method_get("merge", recipe.method)
    return recipe.base is not None and (method is None or method.takes_base)


def reference_place(recipe: MergeRecipe) -> int:
    """The model that the others are compared with and whose papers the result takes over: its place among base and sources."""
    return int(recipe.base is not None and not reads_base(recipe))


def members_of(recipe: MergeRecipe, facts: Facts) -> list[Member]:
    texts: list[tuple[int | None, str]] = [] if recipe.base is None else [(None, recipe.base)]
    texts += [(index, source.model) for index, source in enumerate(recipe.sources)]
    # Two sources of one short name are told apart by their full names.
    shorts = Counter(short_name(text) for text in {text for _, text in texts})
    return [
        Member(position, source, text, short_name(text) if shorts[short_name(text)] == 1 else text, facts.get(text))
        for position, (source, text) in enumerate(texts)
    ]


def known(member: Member) -> Known | None:
    return Known(member, member.facts, shape_of(member.facts.config)) if member.facts is not None else None
