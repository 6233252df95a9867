"""The data of a definition: a dataset repo at one commit, or what every worker has."""

from dataclasses import dataclass

from hub.accounts.models import User
from hub.catalog.gates import gate_check
from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import commit_resolve, facts_of, repo_get
from hub.core.errors import ApplicationError
from workers.contracts.facts import RepoFacts
from workers.contracts.naming import BUILTIN_DATA
from workers.contracts.references import repo_reference_parse
from workers.planning.builtins import builtin_facts
from workers.planning.runnable import BUILTIN


@dataclass(frozen=True)
class Data:
    """`name` is `ns/name@<commit>`, or `builtin:…`; `repo` and `commit` are None for the latter."""

    name: str
    facts: RepoFacts
    repo: Repo | None = None
    commit: Commit | None = None

    @property
    def rows(self) -> dict[str, int]:
        return self.facts.splits


def data_resolve(*, user: User, text: str) -> Data | None:
    """None when there is no such data, or `user` may not read it."""
    if text.startswith(BUILTIN):
        return builtin_data(text) if text in BUILTIN_DATA else None
    reference = repo_reference_parse(text)
    if reference is None or reference.scheme:
        return None
    try:
        repo = repo_get(user=user, full_name=reference.repo, type="dataset")
        gate_check(user=user, repo=repo)
        commit = commit_resolve(repo, reference.revision)
    except ApplicationError:
        return None
    return Data(f"{repo.full_name}@{commit.oid}", facts_of(commit), repo, commit)


def builtin_data(text: str) -> Data:
    return Data(text, builtin_facts(text))
