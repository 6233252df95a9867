"""Checks as JSON."""

from typing import Any

from hub.recipes.services import CheckReport


def check_json(report: CheckReport) -> dict[str, Any]:
    check = report.check
    return {
        "ok": check.ok,
        "findings": [finding.model_dump(mode="json") for finding in check.findings],
        "agreements": list(check.agreements),
        "licence": check.licence.model_dump(mode="json"),
        "estimate": check.estimate.model_dump(mode="json"),
    }
