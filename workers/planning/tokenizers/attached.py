"""Tokenizers beside the facts of a check: read only for recipes that unite or graft them, and never stored."""

from workers.contracts.facts import RepoFacts
from workers.contracts.methods import method_get
from workers.contracts.recipes import MergeRecipe
from workers.planning.tokenizers.files import CONFIG, FILE, TEMPLATE, ReadFile, TokenizerError
from workers.planning.tokenizers.read import Tokenizer, tokenizer_read

__all__ = ["FILES", "needs_tokenizers", "tokenizer_attach", "tokenizer_seen"]

FILES = (FILE, CONFIG, TEMPLATE, "vocab.json", "merges.txt", "vocab.txt", "added_tokens.json")


def needs_tokenizers(recipe: object) -> bool:
    """Whether a check has to look into the tokenizers of the models."""
    if not isinstance(recipe, MergeRecipe):
        return False
    method = method_get("merge", recipe.method)
    return recipe.tokenizer is not None or (method is not None and method.takes == "tokenizer")


def tokenizer_attach(facts: RepoFacts, read: ReadFile) -> RepoFacts:
    """The facts with the tokenizer, or with the sentence that says why it cannot be read."""
    if facts.tokenizer is not None or not facts.tokenizer_digest:
        return facts
    found: Tokenizer | str | None
    try:
        found = tokenizer_read({file.path: file.size_bytes for file in facts.files}, read)
    except TokenizerError as error:
        found = str(error)
    return facts.model_copy(update={"tokenizer": found})


def tokenizer_seen(facts: RepoFacts) -> Tokenizer | None:
    return facts.tokenizer if isinstance(facts.tokenizer, Tokenizer) else None
