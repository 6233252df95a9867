"""Data that cannot be read ends a job `failed`, with a finding for each reason."""

from workers.contracts.errors import UserError
from workers.contracts.findings import Finding, Severity
from workers.planning.wording import printable


def refused(code: str, message: str, consequence: str = "") -> UserError:
    return UserError(printable(message), (noticed(code, message, consequence, severity="error"),))


def noticed(code: str, message: str, consequence: str = "", *, severity: Severity = "warning") -> Finding:
    return Finding(
        code=code, severity=severity, where="data", stage="run", message=printable(message), consequence=printable(consequence)
    )  # fmt: skip


def refused_all(findings: list[Finding]) -> UserError:
    """All that is wrong at once. The first message stands for the rest where there is room for one alone."""
    errors = [finding for finding in findings if finding.severity == "error"]
    return UserError(errors[0].message, tuple(finding.model_copy(update={"stage": "run"}) for finding in findings))
