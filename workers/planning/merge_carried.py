"""The files that a merge carries along beside the weights: config, tokenizer, licence papers."""

import fnmatch
from collections.abc import Sequence

from workers.contracts.findings import Finding
from workers.contracts.recipes import MergeRecipe
from workers.planning.extract import TOKENIZER_FILES
from workers.planning.members import Known
from workers.planning.merge_parts import Models
from workers.planning.wording import finding, remove

CARRIED_FILES = (
    "config.json", "generation_config.json", "preprocessor_config.json", "processor_config.json", "image_processor_config.json",
    "LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*",
)  # fmt: skip
CARRIED_TOKENIZER = (*TOKENIZER_FILES, "tokenizer*.json", "chat_template.json", "chat_template.jinja")
BASE, UNION = "base", "union"

Carried = tuple[tuple[int, str], ...]


def carried_files(recipe: MergeRecipe, models: Models) -> tuple[Carried, list[Finding]]:
    """Config from the reference; the tokenizer from whom the recipe says, else from the first model that has one."""
    reference = models.reference
    donors = [reference, *(source for source in models.sources if source is not reference)]
    tokenizer, findings = _donor(recipe, models, donors)
    carried = [(reference.member.position, path) for path in _matching(reference, CARRIED_FILES)]
    return (
        *carried,
        *((tokenizer.member.position, path) for path in _matching(tokenizer, CARRIED_TOKENIZER)),
    ), findings


def _donor(recipe: MergeRecipe, models: Models, donors: Sequence[Known]) -> tuple[Known, list[Finding]]:
    owners = [model for model in donors if model.facts.tokenizer_digest]
    first = owners[0] if owners else models.reference
    if recipe.tokenizer is None:
        return first, []
    path = ("tokenizer",)
    differing = len({model.facts.tokenizer_digest for model in owners}) > 1
    if differing:
        message = f"The models have different tokenizers, and the result is to have one: {recipe.tokenizer}."
        consequence = "Rows of the embeddings would have to change places with their tokens, which a merge does not do."
        repair = [remove(path, "Merge row by row, with the first model's tokenizer")]
        return first, [finding("tokenizer_mismatch", "error", path, message, consequence, repair)]
    if recipe.tokenizer in {BASE, UNION}:
        return first, []
    chosen = models.named(recipe.tokenizer)
    if chosen is None:
        message = f"{recipe.tokenizer} is none of the models of this merge, so its tokenizer cannot be taken."
        return first, [finding("tokenizer_unknown", "error", path, message, repair=[remove(path, "Leave it out")])]
    return chosen, []


def _matching(model: Known, patterns: Sequence[str]) -> list[str]:
    return [
        file.path
        for file in model.facts.files
        if any(fnmatch.fnmatchcase(file.path, pattern) for pattern in patterns) and "/" not in file.path
    ]
