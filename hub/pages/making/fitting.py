"""Which benchmarks fit the models of an evaluation under way: judged as the check judges it, from what the commits keep of themselves."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hub.benchmarks.models import BenchmarkVersion
from hub.catalog.models import Commit, Repo
from hub.catalog.selectors import facts_of
from workers.contracts.facts import RepoFacts
from workers.contracts.recipes import DataReference
from workers.contracts.tasks import task_get
from workers.planning.bases import base_text, running
from workers.planning.builtins import builtin_facts
from workers.planning.labels import label_places
from workers.planning.lone import known_tasks
from workers.planning.runnable import BUILTIN, image_finding, image_of

Runs = tuple[tuple[str, ...], RepoFacts]


def runs_of(repos: Iterable[Repo], user: Any) -> list[Runs]:
    """For each entry the tasks that it can be asked, and the facts of what is loaded for it."""
    found = []
    held = _facts_at({(repo.pk, repo.head) for repo in repos})
    for facts in held.values():
        base = _base(facts, user)
        found.append((known_tasks(facts, base), running(facts, base)))
    return found


def fitting(versions: Sequence[BenchmarkVersion], models: Sequence[Runs]) -> Iterator[BenchmarkVersion]:
    """Those whose task, classes and picture size every model takes; all of them where no model is named."""
    if not models:
        yield from versions
        return
    able = [version for version in versions if all(version.task in tasks for tasks, _ in models)]
    data = _facts_at({(version.data_repo_id, version.data_commit) for version in able if version.data_repo_id})
    for version in able:
        pinned = version.definition.get("data", "")
        held = (
            builtin_facts(pinned)
            if pinned.startswith(BUILTIN)
            else data.get((version.data_repo_id, version.data_commit))
        )
        if held is not None and all(_fits(version, held, facts) for _, facts in models):
            yield version


def _fits(version: BenchmarkVersion, data: RepoFacts, model: RepoFacts) -> bool:
    task = task_get(version.task)
    labels = version.definition.get("labels") or data.labels
    if task is not None and task.is_classification and labels and model.labels:
        _, misfits = label_places(labels, model.labels, our_name="", their_name="")
        if misfits:
            return False
    item = DataReference(data=version.definition["data"], split=version.definition.get("split", "test"))
    return image_finding("", model, (), item, image_of(item, {item.data: data})) is None


def _base(facts: RepoFacts, user: Any) -> RepoFacts | None:
    name, _, revision = base_text(facts).partition("@")
    repo = Repo.objects.visible_to(user, "read").filter(full_name=name, type="model").first() if name else None
    if repo is None:
        return None
    held = _facts_at({(repo.pk, repo.head), *([(repo.pk, revision)] if len(revision) == 40 else [])})
    return held.get((repo.pk, revision)) or held.get((repo.pk, repo.head))


def _facts_at(places: set[tuple[Any, str]]) -> dict[tuple[Any, str], RepoFacts]:
    rows = Commit.objects.filter(
        repo_id__in={repo for repo, _ in places}, oid__in={oid for _, oid in places}
    ).select_related("repo", "repo__namespace")
    return {(row.repo_id, row.oid): facts_of(row) for row in rows if (row.repo_id, row.oid) in places}
