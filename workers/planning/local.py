"""The facts of a recipe's folders on this machine."""

from pathlib import Path

from workers.contracts.errors import UserError
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.recipes import AnyRecipe
from workers.planning.folder import facts_of_folder
from workers.planning.references import references_of

BUILTIN = "builtin:"


def local_facts(recipe: AnyRecipe) -> tuple[dict[str, RepoFacts | None], list[Finding]]:
    """By reference text, as `check` takes them; None for what is no folder. A folder that cannot be read is a finding."""
    facts: dict[str, RepoFacts | None] = {}
    findings: list[Finding] = []
    for _, _, text, where in references_of(recipe):
        if text in facts:
            continue
        facts[text] = None
        if text.startswith(BUILTIN):
            facts[text] = RepoFacts(reference=text, repo_type="dataset", visibility="public")
            continue
        folder = Path(text).expanduser()
        if not folder.is_dir():
            continue
        try:
            facts[text] = facts_of_folder(folder).model_copy(update={"reference": text})
        except UserError as error:
            reasons = " ".join(found.message for found in error.findings) or str(error)
            findings.append(Finding(code="folder_unreadable", severity="error", where=where, message=reasons))
    return facts, findings
