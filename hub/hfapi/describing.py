"""A repo in the form that the clients read, alone or in a list. What this hub does not know of a model is left out, never made up."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F

from hub.catalog.models import Commit, HeadEntry, Repo
from hub.catalog.selectors import entries_of
from hub.hfapi.listing import trending_score
from hub.hfapi.wire import basics_json, config_json, full_json, safetensors_json, sibling_json

EXPANDABLE = frozenset({
    "author", "baseModels", "cardData", "childrenModelCount", "citation", "config", "createdAt", "description", "disabled", "downloads",
    "downloadsAllTime", "evalResults", "gated", "gguf", "gitalyUid", "inference", "inferenceProviderMapping", "lastModified", "library_name",
    "likes", "mainSize", "mask_token", "model-index", "paperswithcode_id", "pipeline_tag", "private", "resourceGroup", "safetensors",
    "securityRepoStatus", "sha", "siblings", "spaces", "tags", "transformersInfo", "trendingScore", "usedStorage", "widgetData", "xetEnabled",
})  # fmt: skip
# What is worked out per repo, from rows of their own: a page of a list holds fewer such repos.
COSTLY = frozenset({"siblings", "config", "safetensors"})
_CLEAN = {"scansDone": True, "filesWithIssues": []}


def repo_json(repo: Repo, commit: Commit, *, blobs: bool = False, expand: Collection[str] = ()) -> dict[str, Any]:
    body = _described(repo, commit.oid)
    if not expand or "siblings" in expand:
        files = [entry for entry in entries_of(commit, with_last_commit=False) if not entry.is_folder]
        body["siblings"] = [sibling_json(entry, blobs=blobs) for entry in files]
    if repo.type == "model" and (not expand or {"config", "safetensors"} & set(expand)):
        body |= _read_from(commit.facts)
    return only(body, expand) if expand else body


@dataclass(frozen=True)
class Details:
    """What a list needs beyond the rows of its repos, in one query each."""

    paths: dict[Any, list[str]] = field(default_factory=dict)
    facts: dict[Any, dict[str, Any]] = field(default_factory=dict)


def details_of(repos: Iterable[Repo], wanted: Collection[str]) -> Details:
    keys = [repo.pk for repo in repos]
    details = Details()
    if "siblings" in wanted:
        paths: dict[Any, list[str]] = defaultdict(list)
        rows = HeadEntry.objects.filter(
            ref__repo__in=keys, ref__kind="branch", ref__name=F("ref__repo__default_branch")
        )
        for key, path in rows.order_by("path").values_list("ref__repo_id", "path"):
            paths[key].append(path)
        details.paths.update(paths)
    if {"config", "safetensors"} & set(wanted):
        heads = Commit.objects.filter(repo__in=keys, oid=F("repo__head")).values_list("repo_id", "facts")
        details.facts.update(heads)
    return details


def listed_json(
    repo: Repo, details: Details, *, expand: Collection[str], full: bool, config: bool, card: bool
) -> dict[str, Any]:
    body = _described(repo, repo.head) if expand else basics_json(repo)
    if full:
        body |= full_json(repo, repo.head)
    if full or "siblings" in expand:
        body["siblings"] = [{"rfilename": path} for path in details.paths.get(repo.pk, [])]
    if repo.type == "model" and repo.pk in details.facts:
        read = _read_from(details.facts[repo.pk])
        body |= read if expand else {key: value for key, value in read.items() if key == "config" and config}
    if card:
        body["cardData"] = repo.card
    return only(body, expand) if expand else body


def only(body: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key in names or key in ("_id", "id")}


def _described(repo: Repo, sha: str) -> dict[str, Any]:
    body = {
        **basics_json(repo), **full_json(repo, sha), "trendingScore": trending_score(repo), "downloadsAllTime": repo.downloads,
        "securityRepoStatus": _CLEAN,
    }  # fmt: skip
    if "card" not in repo.get_deferred_fields():
        body["cardData"] = repo.card
        if "model-index" in repo.card:
            body["model-index"] = repo.card["model-index"]
    if repo.type == "dataset":
        body |= {"description": repo.summary, "mainSize": repo.size_bytes}
    return body


def _read_from(facts: dict[str, Any]) -> dict[str, Any]:
    tensors = safetensors_json(facts)
    return {"config": config_json(facts)} | ({"safetensors": tensors} if tensors is not None else {})
