"""What is known of each entry, row by row, with the cells that differ from the majority."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.pages.beside.members import Member
from hub.pages.entry import Opened, base_names
from hub.pages.numbers import figure, size, thousands
from hub.pages.templatetags.parts import dtype_word, kind_word
from hub.pages.words import KIND_NOUNS, plural
from workers.contracts.kinds import kind_get
from workers.contracts.methods import method_get

NONE = "none"
# What stands where nothing is known; no two of them agree in anything.
UNKNOWN = frozenset({"unknown", "unresolved"})


@dataclass(frozen=True)
class FactRow:
    """`differs[i]`: that cell is not what most of the others say; where no value has a majority, every cell differs."""

    key: str
    word: str
    values: tuple[str, ...]
    differs: tuple[bool, ...]

    @property
    def is_equal(self) -> bool:
        return not any(self.differs)


def fact_rows(members: Sequence[Member]) -> list[FactRow]:
    """Rows of which nothing is known for any entry are left out."""
    columns = [_facts(member.opened) for member in members]
    rows = []
    for key, word in _WORDS.items():
        values = tuple(column[key] for column in columns)
        if any(values):
            rows.append(FactRow(key, word, tuple(value or "unknown" for value in values), _differs(values)))
    return rows


_WORDS = {
    "kind": "Kind",
    "made_by": "Made by",
    "base": "Base",
    "architecture": "Architecture",
    "parameters": "Parameters",
    "size": "Number format, size",
    "task": "Task",
    "labels": "Labels",
    "licence": "Licence",
    "training": "Training",
    "published": "Published",
}


def _differs(values: Sequence[str]) -> tuple[bool, ...]:
    value, count = Counter(values).most_common(1)[0]
    has_majority = count * 2 > len(values)
    return tuple(not has_majority or each != value for each in values)


def _facts(opened: Opened) -> dict[str, str]:
    facts, manifest = opened.facts, opened.manifest
    return {
        "kind": kind_word(opened.repo.artifact),
        "made_by": _made_by(manifest),
        "base": ", ".join(base_names(opened)),
        "architecture": facts.architecture,
        "parameters": thousands(facts.parameters) if facts.parameters else "",
        "size": ", ".join(word for word in (dtype_word(facts.dtype) if facts.dtype else "", size(facts.size_bytes)) if word),
        "task": facts.task.replace("-", " ").capitalize(),
        "labels": _labels(facts.labels),
        "licence": facts.licence or "unresolved",
        "training": _training(manifest),
        "published": f"{opened.commit.date:%-d %b %Y}",
    }  # fmt: skip


def _labels(labels: Sequence[str]) -> str:
    if not labels:
        return ""
    few = ", ".join(labels[:3])
    return few if len(labels) <= 3 else f"{len(labels)}: {few}, …"


def _made_by(manifest: dict[str, Any]) -> str:
    kind = kind_get(str(manifest.get("kind") or ""))
    if kind is None:
        return "uploaded"
    method = method_get(kind.name, str(manifest.get("method") or ""))
    sources = (manifest.get("recipe") or {}).get("sources") if isinstance(manifest.get("recipe"), dict) else None
    count = len(sources) if isinstance(sources, list) else 0
    words = method.label if method is not None else KIND_NOUNS.get(kind.name, kind.label).capitalize()
    return f"{words} of {count} {plural(count, 'model', 'models')}" if count else words


def _training(manifest: dict[str, Any]) -> str:
    """Of what a training was told; an entry made without one says so, of an upload nothing is known."""
    recipe = manifest.get("recipe")
    if manifest.get("kind") != "train" or not isinstance(recipe, dict):
        return NONE if manifest.get("kind") else ""
    epochs, rate, lora = recipe.get("epochs"), recipe.get("learning_rate"), recipe.get("lora")
    words = []
    if isinstance(epochs, int):
        words.append(f"{thousands(epochs)} {plural(epochs, 'epoch', 'epochs')}")
    if isinstance(rate, int | float) and not isinstance(rate, bool):
        words.append(f"step {figure(rate)}")
    if isinstance(lora, dict):
        words.append(f"LoRA of rank {lora.get('rank', 8)}")
    return ", ".join(words)
