"""Checks and methods as JSON."""

from typing import Any

from hub.recipes.services import CheckReport
from workers.contracts.methods import Method


def check_json(report: CheckReport) -> dict[str, Any]:
    check = report.check
    return {
        "ok": check.ok,
        "findings": [finding.model_dump(mode="json") for finding in check.findings],
        "agreements": list(check.agreements),
        "licence": check.licence.model_dump(mode="json"),
        "estimate": check.estimate.model_dump(mode="json"),
    }


def method_json(method: Method) -> dict[str, Any]:
    return {
        "name": method.name,
        "kind": method.kind,
        "label": method.label,
        "summary": method.summary,
        "paper": method.paper,
        "needs": method.needs,
        "revision": method.revision,
        "minimum_sources": method.minimum_sources,
        "maximum_sources": method.maximum_sources,
        "parameters": method.json_schema("recipe"),
        "source_parameters": method.json_schema("source"),
    }
