"""What a verdict means for a recipe, as findings. The hub's policy may make an error of a conflict; here it is a warning."""

from collections.abc import Sequence

from workers.contracts.findings import Finding
from workers.contracts.paths import Path
from workers.contracts.plans import LicenceVerdict
from workers.planning.wording import finding

CONFLICT, REVIEW, MISSING = "licence_conflict", "licence_review", "licence_missing"


def licence_findings(
    verdict: LicenceVerdict,
    undeclared: Sequence[tuple[Path, str]],
    *,
    where: Path = ("sources",),
    is_public: bool = False,
) -> list[Finding]:
    """`undeclared` are place and name of each input without a licence."""
    findings = [
        finding(MISSING, "warning", path, f"{name} declares no licence.",
                "The licence of the result stays unknown, and without one nobody else may use it.")
        for path, name in undeclared
    ]  # fmt: skip
    message = " ".join(verdict.reasons)
    if verdict.verdict == "deny":
        place: Path = ("output", "visibility") if is_public else where
        consequence = (
            "The result may not be passed on. Make it private."
            if is_public
            else "The result may be measured in private, not passed on."
        )
        findings.append(finding(CONFLICT, "warning", place, message, consequence))
    elif verdict.verdict == "review":
        findings.append(
            finding(REVIEW, "warning", where, message, "A person has to look at it. This is not legal advice.")
        )
    return findings
