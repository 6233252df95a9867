"""CHECK of an import: only what the recipe itself says. What the other hub has is known once it was asked."""

from workers.contracts.findings import Finding
from workers.contracts.plans import Check, LicenceVerdict
from workers.contracts.recipes import ImportRecipe
from workers.contracts.references import repo_reference_parse
from workers.planning.check import Facts


def check(recipe: ImportRecipe, facts: Facts) -> Check:
    reference = repo_reference_parse(recipe.source)
    if reference is not None and reference.scheme == "hf":
        return Check(licence=LicenceVerdict(reasons=("The licence is known once the repo is here.",)))
    message = (
        f"{recipe.source[:120]!r} names no repo of another hub. Write it like hf:org/name or hf:org/name@revision."
    )
    return Check(findings=(Finding(code="bad_source", severity="error", message=message, where="source"),))
