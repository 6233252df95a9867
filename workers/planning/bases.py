"""Entries that run only on another one, and which one that is."""

from workers.contracts.facts import RepoFacts

ON_A_BASE = ("adapter", "task_vector")


def base_text(facts: RepoFacts) -> str:
    """The reference of the model that `facts` speaks of as its base, at the commit it names; "" where it needs or names none."""
    if facts.artifact not in ON_A_BASE or not facts.base:
        return ""
    name, _, revision = facts.base[0].partition("@")
    revision = revision or str(facts.adapter.get("revision") or "")
    return f"{name}@{revision}" if revision else name
