"""A recipe over folders of this machine: their facts, and the check of it. `genepool check` and `genepool run` both come here."""

import os
from collections.abc import Callable
from pathlib import Path

from workers.contracts.errors import UserError
from workers.contracts.facts import RepoFacts
from workers.contracts.findings import Finding
from workers.contracts.parsing import Parsed
from workers.contracts.paths import path_of
from workers.contracts.plans import Check
from workers.contracts.recipes import AnyRecipe, ExtractRecipe, MergeRecipe, TrainRecipe
from workers.contracts.references import RepoType, repo_reference_parse
from workers.planning.builtins import builtin_facts
from workers.planning.check import check_parsed
from workers.planning.folder import facts_of_folder
from workers.planning.references import references_of
from workers.planning.tokenizers.attached import needs_tokenizers, tokenizer_attach
from workers.planning.wording import NO_SUCH_ENTRY, finding, printable, remove, short_name

BUILTIN = "builtin:"
LocalFacts = dict[str, RepoFacts | None]
Contents = Callable[[str], bytes]
# What a text names that is no folder here: what is known of it, and how its files are read; None where it names nothing.
Find = Callable[[str, RepoType], tuple[RepoFacts, Contents] | None]
# Looks into the weights of a folder for more than their headers say.
Look = Callable[[Path, RepoFacts], RepoFacts]


def local_check(parsed: Parsed, find: Find | None = None, look: Look | None = None) -> tuple[Check, LocalFacts]:
    """All findings at once: of the text, of the folders, of the plan, each at its line; and what is known of the folders."""
    recipe = parsed.readable
    if recipe is None:
        return check_parsed(parsed, {}), {}
    facts, unreadable = local_facts(recipe, find, look)
    checked = check_parsed(parsed, facts, unreadable=unreadable, more=_measured_findings(recipe, facts, find))
    told = tuple(_as_folder(entry) for entry in checked.findings)
    return checked.model_copy(update={"findings": told}), facts


def local_facts(
    recipe: AnyRecipe, find: Find | None = None, look: Look | None = None
) -> tuple[LocalFacts, list[Finding]]:
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
            found = _of_folder(text)
            if found is not None and look is not None and role != "data":
                found = look(Path(os.path.expanduser(text)), found[0]), found[1]
            if found is None and find is not None:
                found = find(text, "dataset" if role == "data" else "model")
            if found is not None:
                attached = tokenizer_attach(*found) if needs_tokenizers(recipe) else found[0]
                facts[text] = attached
        except UserError as error:
            findings.append(_unreadable(error, text, where))
    return facts, findings


def _unreadable(error: UserError, text: str, where: str) -> Finding:
    reasons = " ".join(found.message for found in error.findings)
    message = f"{short_name(text)} cannot be read. {reasons}" if reasons else str(error)
    path = path_of(where)
    ways = [remove(path[:2], "Remove this source")] if path[0] == "sources" else []
    consequence = "Save or copy it again." if reasons else ""
    return finding("folder_unreadable", "error", path, message, consequence, ways)


def _measured_findings(recipe: AnyRecipe, facts: LocalFacts, find: Find | None) -> list[Finding]:
    """Data of a hub that the result is to be measured on there: no input of a run, but the hub refuses what it does not have."""
    findings: list[Finding] = []
    if find is None or not isinstance(recipe, MergeRecipe | TrainRecipe | ExtractRecipe):
        return findings
    for index, entry in enumerate(recipe.evaluate or ()):
        if not entry.data or entry.data.startswith(BUILTIN) or entry.data in facts:
            continue
        where = f"evaluate[{index}].data"
        try:
            found = _of_folder(entry.data) or find(entry.data, "dataset")
        except UserError as error:
            findings.append(_unreadable(error, entry.data, where))
            continue
        if found is None and repo_reference_parse(entry.data) is None:
            message = f"There is no folder {printable(entry.data)} here."
            findings.append(Finding(code="not_found", severity="error", where=where, message=message))
    return findings


def _as_folder(finding: Finding) -> Finding:
    """What a check says of entries, said of folders: that is what was looked for here."""
    start, _, rest = finding.message.partition(f"{NO_SUCH_ENTRY}: ")
    text = rest.removesuffix(".")
    if finding.code != "not_found" or start or not text or text.startswith("hf:"):
        return finding
    is_entry = repo_reference_parse(text) is not None
    ways = (
        "Where it is an entry of a hub, GENEPOOL_URL says which hub to ask, and genepool submit sends the recipe there."
    )
    return finding.model_copy(
        update={
            "message": printable(f"There is no folder {text} here."),
            "consequence": ways if is_entry else finding.consequence,
            "repair": () if is_entry else finding.repair,
        }
    )


def _of_folder(text: str) -> tuple[RepoFacts, Contents] | None:
    # An empty name stands for one that could not be read; as a path it would be the folder one is in.
    folder = Path(os.path.expanduser(text))
    if not text.strip() or not os.path.isdir(folder):
        return None
    return facts_of_folder(folder).model_copy(update={"reference": text}), lambda name: (folder / name).read_bytes()
