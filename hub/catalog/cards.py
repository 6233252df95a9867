"""README.md: front matter, first paragraph, and the tags that follow from them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hub.catalog.json_safe import json_safe, text_safe
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.planning.card import CARD_FILE, card_split, front_matter

MAX_CARD_BYTES = 2**20
_MARKUP = re.compile(r"!\[[^\]]*\]\([^)]*\)|<[^>]*>|[`*_]{1,3}|\[([^\]]*)\]\([^)]*\)")
_ARXIV = re.compile(r"\barxiv(?:\.org/(?:abs|pdf)/|:)(\d{4}\.\d{4,5})", re.IGNORECASE)
# Keys of a data set's card that clients filter by, as tags of that prefix.
_CATEGORIES = ("task_categories", "task_ids", "size_categories", "multilinguality", "language_creators", "benchmark")
_FORMATS = {".safetensors": "safetensors", ".gguf": "gguf", ".onnx": "onnx", ".parquet": "parquet"}


@dataclass(frozen=True)
class Card:
    """`front_matter` is ready for a JSON column. `findings` say what was wrong with it; the text stays readable all the same."""

    front_matter: dict[str, Any] = field(default_factory=dict)
    body: str = ""
    findings: tuple[Finding, ...] = ()


def card_parse(text: str) -> Card:
    loaded, findings = front_matter(text)
    return Card(json_safe(loaded), card_split(text)[1], tuple(findings))


def summary_of(body: str) -> str:
    """The first paragraph that is prose, without markup, at most 300 characters."""
    for paragraph in re.split(r"\n\s*\n", body[:20_000]):
        plain = " ".join(_MARKUP.sub(lambda match: match[1] or "", paragraph).split())
        if plain and not plain.startswith(("#", "|", ">", "-", "```", "!")):
            return plain if len(plain) <= 300 else plain[:299].rstrip() + "…"
    return ""


def tags_of(card: Card, facts: RepoFacts, paths: Iterable[str]) -> list[str]:
    """As clients of the HF protocol expect them: the card's own, then one prefix per kind of fact, without repeats."""
    front = card.front_matter
    relation = f"{facts.base_relation}:" if facts.base_relation else ""
    found = [
        facts.library, facts.task, *facts.tags, *_texts(front.get("tags")), *facts.languages,
        *(f"dataset:{name}" for name in _texts(front.get("datasets"))),
        *(f"{key}:{name}" for key in _CATEGORIES for name in _texts(front.get(key))),
        *(f"arxiv:{number}" for number in _ARXIV.findall(card.body[:200_000])),
        *(f"base_model:{name}" for name in facts.base),
        *(f"base_model:{relation}{name}" for name in facts.base if relation),
        *([f"license:{str(front.get('license') or facts.licence).lower()}"] if facts.licence else []),
        *sorted({label for path in paths for suffix, label in _FORMATS.items() if path.endswith(suffix)}),
    ]  # fmt: skip
    return list(dict.fromkeys(text_safe(tag) for tag in found if tag and len(tag) <= 128))[:200]


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in values if isinstance(text, str)]


__all__ = ["CARD_FILE", "MAX_CARD_BYTES", "Card", "card_parse", "summary_of", "tags_of"]
