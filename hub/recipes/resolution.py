"""From the references of a recipe to commits, facts and file lists, for one user: what they may not see is not there."""

from collections.abc import Iterable
from dataclasses import dataclass

from hub.accounts.models import User
from hub.catalog.gates import gate_check
from hub.catalog.models import Commit, Repo
from hub.catalog.scans import scan_attach
from hub.catalog.selectors import commit_resolve, entries_of, facts_of, repo_get
from hub.core.errors import ApplicationError
from hub.recipes.external import here_as
from hub.recipes.learned import learned_from
from workers.contracts.facts import RepoFacts
from workers.contracts.jobs import Input, InputFile
from workers.contracts.recipes import AnyRecipe, EvaluateRecipe, RankRecipe, TryRecipe
from workers.contracts.references import repo_reference_parse
from workers.planning.bases import base_text
from workers.planning.builtins import builtin_facts
from workers.planning.references import Role, references_of

BUILTIN = "builtin:"


@dataclass(frozen=True)
class Resolved:
    """One reference of the recipe. `repo` and `commit` are None when there is no such entry, and for built-in data. `of`: which models were trained on it."""

    role: Role
    index: int
    text: str
    where: str
    repo: Repo | None = None
    commit: Commit | None = None
    facts: RepoFacts | None = None
    of: tuple[int, ...] = ()

    def input(self) -> Input | None:
        if self.facts is None:
            return None
        entries = entries_of(self.commit) if self.commit is not None else []
        files = tuple(
            InputFile(path=entry.path, size_bytes=entry.size_bytes, sha256=entry.sha256)
            for entry in entries
            if not entry.is_folder
        )
        return Input(role=self.role, index=self.index, reference=self.text, facts=self.facts, files=files, of=self.of)


def references_resolve(*, user: User, recipe: AnyRecipe) -> list[Resolved]:
    """Every reference, in recipe order, and for measuring, trying and ranking the bases of entries that run only on one.

    The same commit named twice is read once.
    """
    known: dict[tuple[str, str], tuple[Repo | None, Commit | None, RepoFacts | None]] = {}
    found = []
    for role, index, text, where in references_of(recipe):
        type = "dataset" if role == "data" else "model"
        if (type, text) not in known:
            known[type, text] = reference_resolve(user=user, type=type, text=text)
        found.append(Resolved(role, index, text, where, *known[type, text]))
    if isinstance(recipe, EvaluateRecipe | TryRecipe | RankRecipe):
        for entry in [entry for entry in found if entry.role == "model" and entry.facts is not None]:
            text = base_text(entry.facts) if entry.facts is not None else ""
            # A base is named by whoever uploaded the entry: what is no plain name of this hub is no base.
            reference = repo_reference_parse(text)
            if reference is None or reference.scheme:
                continue
            if ("model", text) not in known:
                known["model", text] = reference_resolve(user=user, type="model", text=text)
            found.append(Resolved("base", entry.index, text, entry.where, *known["model", text]))
    return found + (_learned(user, found) if isinstance(recipe, EvaluateRecipe) else [])


def _learned(user: User, found: list[Resolved]) -> list[Resolved]:
    """Beside the models, what they were trained on: only data other than what they are measured on, whose own splits are there anyway."""
    models = [
        (entry.index, entry.commit) for entry in found if entry.role in ("model", "base") and entry.commit is not None
    ]
    told = learned_from(user=user, models=models, resolve=reference_resolve)
    measured = {
        (entry.facts.repo or entry.text, entry.facts.commit)
        for entry in found
        if entry.role == "data" and entry.facts is not None
    }
    is_one = len(measured) == 1
    return [
        Resolved("trained", index, text, "models", *there, of=places)
        for index, (text, places, there) in enumerate(told)
        if not (is_one and there[2] is not None and (there[2].repo or text, there[2].commit) in measured)
    ]


def reference_resolve(*, user: User, type: str, text: str) -> tuple[Repo | None, Commit | None, RepoFacts | None]:
    if text.startswith(BUILTIN):
        return None, None, builtin_facts(text)
    reference = repo_reference_parse(text)
    if reference is None:
        return None, None, None
    name, revision = reference.repo, reference.revision
    if reference.scheme:
        # what was imported for it is an input like any other: visible or not, gated or not
        here = here_as(user=user, type=type, reference=reference)
        if here is None:
            return None, None, None
        name, revision = here
    try:
        repo = repo_get(user=user, full_name=name, type=type)
        gate_check(user=user, repo=repo)
        commit = commit_resolve(repo, revision)
    except ApplicationError:
        return None, None, None
    facts = scan_attach(facts_of(commit)).model_copy(
        update={
            "reference": text,
            "repo": repo.full_name,
            "commit": commit.oid,
            "repo_type": type,
            "visibility": repo.visibility,
        }
    )
    return repo, commit, facts


def facts_by_text(resolved: Iterable[Resolved]) -> dict[str, RepoFacts | None]:
    return {entry.text: entry.facts for entry in resolved}
