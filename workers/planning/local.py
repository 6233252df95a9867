"""A recipe over folders of this machine: their facts, and the check of it. `genepool check` and `genepool run` both come here."""

import os
from collections.abc import Callable
from pathlib import Path

from workers.contracts.errors import UserError
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.parsing import Parsed
from workers.contracts.plans import Check
from workers.contracts.recipes import AnyRecipe
from workers.planning.builtins import builtin_facts
from workers.planning.check import check_parsed
from workers.planning.folder import facts_of_folder
from workers.planning.references import references_of
from workers.planning.tokenizers.attached import needs_tokenizers, tokenizer_attach

BUILTIN = "builtin:"
LocalFacts = dict[str, RepoFacts | None]
Contents = Callable[[str], bytes]
# What a text names that is no folder here: what is known of it, and how its files are read; None where it names nothing.
Find = Callable[[str], tuple[RepoFacts, Contents] | None]


def local_check(parsed: Parsed, find: Find | None = None) -> tuple[Check, LocalFacts]:
    """All findings at once: of the text, of the folders, of the plan, each at its line; and what is known of the folders."""
    facts, unreadable = local_facts(parsed.readable, find) if parsed.readable is not None else ({}, [])
    return check_parsed(parsed, facts, unreadable=unreadable), facts


def local_facts(recipe: AnyRecipe, find: Find | None = None) -> tuple[LocalFacts, list[Finding]]:
    """By reference text, as `check` takes them; None for what is no folder. What cannot be read is a finding."""
    facts: LocalFacts = {}
    findings: list[Finding] = []
    for role, _, text, where in references_of(recipe):
        if text in facts:
            continue
        facts[text] = None
        if text.startswith(BUILTIN):
            facts[text] = builtin_facts(text)
            continue
        try:
            found = _of_folder(text) if role == "data" or find is None else _of_folder(text) or find(text)
            if found is not None:
                attached = tokenizer_attach(*found) if needs_tokenizers(recipe) else found[0]
                facts[text] = attached
        except UserError as error:
            reasons = " ".join(found.message for found in error.findings) or str(error)
            findings.append(Finding(code="folder_unreadable", severity="error", where=where, message=reasons))
    return facts, findings


def _of_folder(text: str) -> tuple[RepoFacts, Contents] | None:
    # An empty name stands for one that could not be read; as a path it would be the folder one is in.
    folder = Path(os.path.expanduser(text))
    if not text.strip() or not os.path.isdir(folder):
        return None
    return facts_of_folder(folder).model_copy(update={"reference": text}), lambda name: (folder / name).read_bytes()
