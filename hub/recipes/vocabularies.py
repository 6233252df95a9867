"""Tokenizers of a recipe's models, read for its check alone: for recipes that unite them or give one model another's."""

from collections.abc import Iterable
from dataclasses import replace

from hub.blobs.services import driver
from hub.catalog.selectors import entries_of
from hub.recipes.resolution import Resolved
from workers.contracts.recipes import AnyRecipe
from workers.planning.tokenizers.attached import FILES, needs_tokenizers, tokenizer_attach


def tokenizers_attach(*, recipe: AnyRecipe, resolved: Iterable[Resolved]) -> list[Resolved]:
    """The references with their tokenizers where the recipe needs them; rights have been checked when they were resolved.

    SECURITY: only files by known names are read, none larger than `workers.planning.tokenizers.files` allows.
    """
    if not needs_tokenizers(recipe):
        return list(resolved)
    return [_attached(entry) for entry in resolved]


def _attached(entry: Resolved) -> Resolved:
    if entry.commit is None or entry.facts is None or entry.role not in ("base", "source"):
        return entry
    hashes = {
        item.path: item.sha256
        for item in entries_of(entry.commit, recursive=False, with_last_commit=False)
        if not item.is_folder and item.path in FILES
    }

    def read(path: str) -> bytes:
        return b"".join(driver().open(hashes[path]))

    return replace(entry, facts=tokenizer_attach(entry.facts, read))
