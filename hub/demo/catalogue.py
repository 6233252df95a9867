"""The zoo's datasets and models, from `zoo.json` into the catalogue, parents first."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.accounts.models import User
from hub.catalog.models import Commit
from hub.demo.publishing import branch_ensure, folder_publish, namespace_ensure, repo_ensure
from workers.contracts.manifests import Parent

TITLES = {
    "finetune_of": "Fine-tune from {parent}", "adapter_of": "Train the adapter for {parent}", "delta_of": "Take the difference of {parent} and its base",
}  # fmt: skip


def zoo_publish(*, user: User, cache: Path, zoo: Mapping[str, Any]) -> None:
    namespace_ensure(zoo["namespace"], user)
    commits: dict[tuple[str, str, int], Commit] = {}
    for row in zoo["datasets"]:
        repo = repo_ensure(user=user, full_name=f"{zoo['namespace']}/{row['name']}", type="dataset")
        folder = cache / row["folder"]
        commits["dataset", row["name"], 0] = folder_publish(
            user=user, repo=repo, branch="main", folder=folder, title="Add the digits"
        )
    for row in zoo["models"]:
        commits["model", row["name"], row["seed"]] = _model_publish(user, cache, zoo["namespace"], row, commits)


def _model_publish(
    user: User, cache: Path, namespace: str, row: Mapping[str, Any], commits: Mapping[tuple[str, str, int], Commit]
) -> Commit:
    """The first of the row's branches gets the commit, the others begin at it."""
    repo = repo_ensure(user=user, full_name=f"{namespace}/{row['name']}")
    first, *others = row["branches"]
    branch_ensure(repo, first)
    lineage = [
        Parent(repo=f"{namespace}/{parent['name']}", commit=commits[parent["type"], parent["name"], parent["seed"]].oid, relation=parent["relation"])
        for parent in row["parents"]
    ]  # fmt: skip
    relation = row["parents"][0]["relation"]
    title = TITLES.get(relation, "Train from scratch").format(parent=row["parents"][0]["name"])
    if len(row["branches"]) == 1 and first != "main":
        title += f", seed {row['seed']}"
    commit = folder_publish(
        user=user, repo=repo, branch=first, folder=cache / row["folder"], title=title, lineage=lineage
    )
    for branch in others:
        branch_ensure(repo, branch, commit)
    return commit
