"""The files that a merge carries along beside the weights: config, tokenizer, licence papers."""

import fnmatch
from collections.abc import Sequence

from workers.contracts.findings import Finding
from workers.contracts.recipes import MergeRecipe
from workers.planning.components import carried_components
from workers.planning.extract import TOKENIZER_FILES
from workers.planning.members import Known
from workers.planning.merge_parts import Models
from workers.planning.merge_vocabulary import BASE, UNION, Vocabulary, rule_of
from workers.planning.wording import finding, remove

CARRIED_FILES = (
    "config.json", "generation_config.json", "preprocessor_config.json", "processor_config.json", "image_processor_config.json",
    "LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*",
)  # fmt: skip
CARRIED_TOKENIZER = (*TOKENIZER_FILES, "tokenizer*.json", "chat_template.json", "chat_template.jinja")
# What a tokenizer that is no copy of one model's is not described by any longer; the job writes those it still needs.
REWRITTEN = frozenset({*TOKENIZER_FILES, "tokenizer_config.json"}) - {"special_tokens_map.json"}

Carried = tuple[tuple[int, str], ...]


def carried_files(recipe: MergeRecipe, models: Models, vocabulary: Vocabulary) -> tuple[Carried, list[Finding]]:
    """Config from the reference; the tokenizer from whom the recipe says, else from the first model that has one."""
    reference = models.reference
    donors = [reference, *(source for source in models.sources if source is not reference)]
    if vocabulary.donor is not None:
        tokenizer, findings = vocabulary.donor, vocabulary.findings
    elif vocabulary.findings:
        tokenizer, findings = reference, vocabulary.findings
    else:
        tokenizer, findings = _donor(recipe, models, donors)
    carried = [
        (reference.member.position, path)
        for path in (*matching(reference, CARRIED_FILES), *carried_components(reference.facts))
    ]
    return (
        *carried,
        *(
            (tokenizer.member.position, path)
            for path in matching(tokenizer, CARRIED_TOKENIZER)
            if path not in REWRITTEN or not vocabulary.is_rewritten
        ),
    ), findings


def _donor(recipe: MergeRecipe, models: Models, donors: Sequence[Known]) -> tuple[Known, list[Finding]]:
    """Where no row moves: all tokenizers are one, or the recipe leaves it open."""
    owners = [model for model in donors if model.facts.tokenizer_digest]
    first = owners[0] if owners else models.reference
    rule = rule_of(recipe)
    if rule is None or rule.source in {BASE, UNION}:
        return first, []
    chosen = models.named(rule.source)
    if chosen is None:
        message = f"{rule.source} is none of the models of this merge, so its tokenizer cannot be taken."
        repair = [remove(("tokenizer",), "Leave it out")]
        return first, [finding("tokenizer_unknown", "error", ("tokenizer",), message, repair=repair)]
    return chosen, []


def matching(model: Known, patterns: Sequence[str]) -> list[str]:
    return [
        file.path
        for file in model.facts.files
        if any(fnmatch.fnmatchcase(file.path, pattern) for pattern in patterns) and "/" not in file.path
    ]
