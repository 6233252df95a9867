"""Who is compared: `models=a/one,b/two@v1` read into entries that the asker may see, each with its place in the charts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser

from hub.accounts.models import User
from hub.catalog.gates import gate_is_open
from hub.catalog.models import Commit, LineageEdge
from hub.catalog.selectors import commit_resolve, facts_of, repo_get
from hub.core.errors import Invalid, NotFound
from hub.pages.entry import Opened
from workers.contracts.references import repo_reference_parse

LEAST, MOST = 2, 5
Reader = User | AnonymousUser | None


@dataclass(frozen=True)
class Member:
    """`is_open`: its files may be read, so that tensors and reports may be told. `series` is its marker in every chart, from 1.

    `oids` are all commits of the entry with these weights: a later one may have changed words alone.
    """

    opened: Opened
    name: str
    is_open: bool
    series: int
    oids: frozenset[str]

    @property
    def full_name(self) -> str:
        return str(self.opened.repo.full_name)

    @property
    def oid(self) -> str:
        return str(self.opened.commit.oid)

    @property
    def reference(self) -> str:
        """As recipes and addresses name it: without a revision where that is the default branch."""
        repo, revision = self.opened.repo, self.opened.revision
        return self.full_name if revision == repo.default_branch else f"{self.full_name}@{revision}"


def names_of(values: Iterable[str]) -> list[str]:
    """Repeated parameters and lists with commas alike; each once, in order."""
    return list(dict.fromkeys(part.strip() for value in values for part in value.split(",") if part.strip()))


def members_of(texts: Sequence[str], *, user: Reader) -> list[Member]:
    """SECURITY: what is not there and what `user` may not see are refused in the same words."""
    if len(texts) > MOST:
        raise Invalid(f"{len(texts)} models are named. At most {MOST} can be put side by side: leave some out.")
    wrong = [text for text in texts if (found := repo_reference_parse(text)) is None or found.scheme]
    if wrong:
        shown = ", ".join(repr(text[:80]) for text in wrong)
        raise Invalid(f"{shown}: no name of an entry. Write namespace/name, or namespace/name@revision.")
    opened: dict[tuple[object, str], Opened] = {}
    for text in texts:
        found = _open(text, user)
        opened.setdefault((found.repo.pk, found.commit.oid), found)
    entries = list(opened.values())
    names = _short_names(entries)
    return [
        Member(entry, name, gate_is_open(user=user, repo=entry.repo), series, _twins(entry))
        for entry, name, series in zip(entries, names, _series(entries), strict=True)
    ]


def _twins(entry: Opened) -> frozenset[str]:
    digest = entry.manifest.get("tensor_digest")
    same = Commit.objects.filter(repo=entry.repo, manifest__tensor_digest=digest) if digest else Commit.objects.none()
    return frozenset({entry.commit.oid, *same.values_list("oid", flat=True)})


def _open(text: str, user: Reader) -> Opened:
    reference = repo_reference_parse(text)
    assert reference is not None  # noqa: S101  members_of refused the others
    try:
        repo = repo_get(user=user, full_name=reference.repo)
        revision = reference.revision or repo.default_branch
        commit = commit_resolve(repo, revision)
    except NotFound:
        raise NotFound(f"There is no entry {text[:120]}, or you may not see it.") from None
    return Opened(repo, commit, revision, facts_of(commit))


def _short_names(entries: Sequence[Opened]) -> list[str]:
    """The name alone where that tells them apart, else with the namespace, else with the revision too."""
    forms = [
        [entry.repo.name for entry in entries],
        [entry.repo.full_name for entry in entries],
        [f"{entry.repo.full_name}@{entry.revision[:12]}" for entry in entries],
    ]
    return next((names for names in forms if len(set(names)) == len(names)), forms[-1])


def _series(entries: Sequence[Opened]) -> list[int]:
    """An entry made of the others takes the first marker, the blue disc; the rest follow in order."""
    keys = {entry.repo.pk for entry in entries}
    made = LineageEdge.objects.filter(child__in=[entry.commit for entry in entries], parent_repo__in=keys)
    child = next((place for place, entry in enumerate(entries) if entry.commit.pk in set(made.values_list("child_id", flat=True))), 0)  # fmt: skip
    order = [child, *(place for place in range(len(entries)) if place != child)]
    return [order.index(place) + 1 for place in range(len(entries))]
