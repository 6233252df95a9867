"""Entries that run only on another one, and which one that is."""

from collections.abc import Mapping
from typing import Any

from workers.contracts.facts import RepoFacts

ON_A_BASE = ("adapter", "task_vector")
# What a config.json says of the head alone.
_HEAD = ("architectures", "id2label", "label2id", "num_labels", "problem_type")


def base_text(facts: RepoFacts) -> str:
    """The reference of the model that `facts` speaks of as its base, at the commit it names; "" where it needs or names none."""
    if facts.artifact not in ON_A_BASE or not facts.base:
        return ""
    name, _, revision = facts.base[0].partition("@")
    revision = revision or str(facts.adapter.get("revision") or "")
    return f"{name}@{revision}" if revision else name


def head_fields(config: Mapping[str, Any], adapter: Mapping[str, Any]) -> dict[str, Any]:
    """What the head of an adapter with a head of its own is, of its config.json; {} where it keeps that of its base."""
    if not adapter.get("modules_to_save"):
        return {}
    return {key: config[key] for key in _HEAD if key in config}


def running(facts: RepoFacts, base: RepoFacts | None) -> RepoFacts:
    """What is loaded when the entry is run: itself, or its base, under the head that an adapter may bring."""
    if base is None or facts.artifact not in ON_A_BASE:
        return facts
    own = head_fields(facts.config, facts.adapter)
    if not own:
        return base
    changes = {"config": base.config | own, "labels": facts.labels, "architecture": facts.architecture}
    return base.model_copy(update=changes)
