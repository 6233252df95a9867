"""What an upload would be refused for, file by file, before a byte of it travels."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from hub.catalog.models import Commit, Repo
from hub.catalog.paths import clash_findings, folders_of
from hub.catalog.quotas import quota_check
from hub.catalog.trees import state_read
from hub.core.errors import ApplicationError, Invalid
from hub.pages.numbers import size as size_words
from workers.contracts.findings import Finding
from workers.planning.refusals import content_finding, path_finding

MOST_FILES = 1000


@dataclass(frozen=True)
class Announced:
    """A file somebody means to send: its name, its size, its first bytes."""

    path: str
    size_bytes: int
    head: bytes


def announced_read(body: bytes) -> list[Announced]:
    try:
        rows = json.loads(body)["files"]
        files = [Announced(str(row["path"]), int(row["size"]), base64.b64decode(row["sample"])) for row in rows]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise Invalid("The list of files cannot be read.") from None
    if len(files) > MOST_FILES:
        raise Invalid(f"{len(files)} files; at most {MOST_FILES} go by the page. Push a folder of this size.")
    return files


def upload_findings(repo: Repo, commit: Commit, files: list[Announced]) -> dict[str, list[Finding]]:
    """By path, all at once. Warnings let a file through."""
    found: dict[str, list[Finding]] = {file.path: _own(file) for file in files}
    for finding in _clashes(commit, files):
        found.setdefault(finding.where, []).append(finding)
    whole = _room(repo, files)
    if whole is not None:
        for file in files:
            found[file.path].append(whole)
    return {path: findings for path, findings in found.items() if findings}


def _own(file: Announced) -> list[Finding]:
    findings = [path_finding(file.path), content_finding(file.path, file.head, file.size_bytes)]
    if file.size_bytes > settings.MAX_UPLOAD_BYTES:
        findings.append(
            _error("too_large", file.path, f"{size_words(file.size_bytes)} is too large. A file has at most {size_words(settings.MAX_UPLOAD_BYTES)} here.")
        )  # fmt: skip
    return [finding for finding in findings if finding is not None]


def _clashes(commit: Commit, files: list[Announced]) -> list[Finding]:
    """Those that this upload brings; what clashes already is not its fault. Said at the file that is chosen, not the one that is there."""
    present = set(state_read(commit.tree_id))
    chosen = {file.path for file in files}
    before = {finding.where for finding in clash_findings(present)}
    result = []
    for finding in clash_findings(present | chosen):
        if finding.where in before:
            continue
        below = [path for path in chosen if _is_about(finding, path)]
        result += [finding.model_copy(update={"where": path}) for path in below or [finding.where]]
    return result


def _room(repo: Repo, files: list[Announced]) -> Finding | None:
    """Said at every file: which of them would still fit is for the person to choose."""
    try:
        quota_check(namespace=repo.namespace, size=sum(max(0, file.size_bytes) for file in files))
    except ApplicationError as error:
        return _error("quota_exceeded", "", error.message)
    return None


def _is_about(finding: Finding, path: str) -> bool:
    if finding.code == "case_collision":
        return path.casefold() == finding.where.casefold()
    return path == finding.where or finding.where in folders_of(path)


def _error(code: str, where: str, message: str) -> Finding:
    return Finding(code=code, severity="error", where=where, message=message, consequence="Nothing has been sent.")


def as_json(found: Mapping[str, list[Finding]]) -> dict[str, Any]:
    return {"files": {path: [finding.model_dump(mode="json") for finding in rows] for path, rows in found.items()}}
