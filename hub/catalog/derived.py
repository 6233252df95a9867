"""The columns of a repo that follow from the head of its default branch: facets, tags, summary, words."""

import re
from collections.abc import Mapping
from typing import Any

from django.contrib.postgres.search import SearchVector
from django.db.models import Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from hub.catalog.cards import summary_of, tags_of
from hub.catalog.extraction import Extract
from hub.catalog.json_safe import text_safe
from hub.catalog.models import Commit, Repo
from hub.catalog.states import FileState

_MAX_BIGINT = 2**63 - 1
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[\W_]+")


def columns_of(state: Mapping[str, FileState], extract: Extract) -> dict[str, Any]:
    facts = extract.facts
    return {
        "artifact": facts.artifact,
        "architecture": text_safe(facts.architecture)[:96],
        "task": text_safe(facts.task)[:64],
        "library": text_safe(facts.library)[:64],
        "licence": text_safe(facts.licence)[:96],
        "languages": [text_safe(language) for language in facts.languages if len(language) <= 16][:200],
        "tags": tags_of(extract.card, facts, state),
        "bases": [text_safe(name)[:300] for name in facts.base][:64],
        "parameters": min(facts.parameters, _MAX_BIGINT),
        "dtype": facts.dtype[:16],
        "size_bytes": min(sum(file.size_bytes for file in state.values()), _MAX_BIGINT),
        "card": extract.card.front_matter,
        "summary": text_safe(summary_of(extract.card.body)),
    }


def derived_update(repo: Repo, commit: Commit, state: Mapping[str, FileState], extract: Extract) -> None:
    columns = columns_of(state, extract)
    Repo.objects.filter(pk=repo.pk).update(
        **columns, head=commit.oid, updated_at=Now(), words=_words(repo, columns, extract)
    )
    for name, value in {**columns, "head": commit.oid}.items():
        setattr(repo, name, value)


def _words(repo: Repo, columns: Mapping[str, Any], extract: Extract) -> Combinable:
    """The name counts most, then what it is, then what its card says. No stemming: names of models are no English."""
    what = " ".join(
        str(columns[name]) for name in ("summary", "task", "architecture", "library", "artifact", "licence")
    )
    tags = " ".join(columns["tags"])
    body = text_safe(extract.card.body)[:60_000]
    return (
        SearchVector(Value(search_text(repo.full_name)), weight="A", config="simple")
        + SearchVector(Value(search_text(f"{what} {tags}")), weight="B", config="simple")
        + SearchVector(Value(search_text(body)), weight="D", config="simple")
    )


def search_text(text: str) -> str:
    """Whole words, and the parts that dashes, dots and capitals make of them. Over-long ones are left out: Postgres refuses them."""
    return " ".join(
        entry for part, pieces in word_parts(text) for entry in dict.fromkeys([part, *pieces]) if len(entry) <= 200
    )


def word_parts(text: str) -> list[tuple[str, list[str]]]:
    """`vit-Base16` gives vit and Base16; what capitals cut out of each stands beside it."""
    return [(part, _CAMEL.split(part)) for part in _SEPARATORS.split(text) if part]
