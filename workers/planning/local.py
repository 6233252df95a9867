"""A recipe over folders of this machine: their facts, and the check of it. `genepool check` and `genepool run` both come here."""

from pathlib import Path

from workers.contracts.errors import UserError
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding, has_errors
from workers.contracts.parsing import Parsed
from workers.contracts.plans import Check
from workers.contracts.recipes import AnyRecipe
from workers.planning.check import check, in_order
from workers.planning.folder import facts_of_folder
from workers.planning.references import references_of

BUILTIN = "builtin:"
LocalFacts = dict[str, RepoFacts | None]


def local_check(parsed: Parsed) -> tuple[Check, LocalFacts]:
    """All findings at once: of the text, of the folders, of the plan, each at its line; and what is known of the folders."""
    if parsed.recipe is None:
        return Check(findings=parsed.findings), {}
    facts, unreadable = local_facts(parsed.recipe)
    checked = check(parsed.recipe, facts)
    # To the check a folder that cannot be read is one that is not there; the reason has been given already.
    places = [found.where for found in unreadable]
    planned = [found for found in checked.findings if not (found.code == "not_found" and _holds(found.where, places))]
    findings = in_order((*parsed.findings, *parsed.located((*unreadable, *planned))))
    plan = None if has_errors(findings) else checked.plan
    return checked.model_copy(update={"findings": findings, "plan": plan}), facts


def local_facts(recipe: AnyRecipe) -> tuple[LocalFacts, list[Finding]]:
    """By reference text, as `check` takes them; None for what is no folder. A folder that cannot be read is a finding."""
    facts: LocalFacts = {}
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


def _holds(where: str, places: list[str]) -> bool:
    """Whether one of `places` is `where` or lies in it: the check may name the source, the reading its `model`."""
    return any(place == where or place.startswith((f"{where}.", f"{where}[")) for place in places)
