"""A recipe over folders of this machine: their facts, and the check of it. `genepool check` and `genepool run` both come here."""

import os
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

BUILTIN = "builtin:"
LocalFacts = dict[str, RepoFacts | None]


def local_check(parsed: Parsed) -> tuple[Check, LocalFacts]:
    """All findings at once: of the text, of the folders, of the plan, each at its line; and what is known of the folders."""
    facts, unreadable = local_facts(parsed.readable) if parsed.readable is not None else ({}, [])
    return check_parsed(parsed, facts, unreadable=unreadable), facts


def local_facts(recipe: AnyRecipe) -> tuple[LocalFacts, list[Finding]]:
    """By reference text, as `check` takes them; None for what is no folder. A folder that cannot be read is a finding."""
    facts: LocalFacts = {}
    findings: list[Finding] = []
    for _, _, text, where in references_of(recipe):
        if text in facts:
            continue
        facts[text] = None
        if text.startswith(BUILTIN):
            facts[text] = builtin_facts(text)
            continue
        # An empty name stands for one that could not be read; as a path it would be the folder one is in.
        folder = os.path.expanduser(text)
        if not text.strip() or not os.path.isdir(folder):
            continue
        try:
            facts[text] = facts_of_folder(Path(folder)).model_copy(update={"reference": text})
        except UserError as error:
            reasons = " ".join(found.message for found in error.findings) or str(error)
            findings.append(Finding(code="folder_unreadable", severity="error", where=where, message=reasons))
    return facts, findings
