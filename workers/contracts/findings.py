"""A finding: a typed reason why a recipe will not work or may disappoint, with a repair where there is one."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["error", "warning", "info"]
Stage = Literal["header", "measured", "run"]


class Repair(BaseModel):
    """One way out. `patch` is a list of JSON-Patch operations (RFC 6902) on the recipe document; empty when only a person can do it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    patch: tuple[dict[str, Any], ...] = ()


class Finding(BaseModel):
    """What is wrong, with numbers; why it matters; where; what to do.

    `where` is a path into the recipe document (`sources[2].density`). `code` is snake case and stable: scripts rely on it.
    `stage`: `header` is known before anything runs, `measured` comes from a background scan, `run` ends a job `failed`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    severity: Severity
    message: str
    where: str = ""
    consequence: str = ""
    repair: tuple[Repair, ...] = ()
    stage: Stage = "header"
    line: int | None = Field(default=None, description="line in the YAML text, where there was one")


def has_errors(findings: Iterable[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)
