"""What a file has to pass before it becomes part of a commit: its name, its first bytes, and for weights its header."""

from collections.abc import Iterable

from hub.blobs.models import Blob
from hub.blobs.services import blob_bytes
from hub.catalog.operations import AddFile, CopyFile, Operation
from hub.core.errors import Refused
from workers.contracts.findings import Finding, has_errors
from workers.planning.pickles import SNIFF_BYTES
from workers.planning.refusals import content_finding, path_finding

KEPT_NOTHING = "Nothing of this commit was kept."


def refuse_on_errors(findings: Iterable[Finding]) -> None:
    found = tuple(findings)
    errors = [finding for finding in found if finding.severity == "error"]
    if has_errors(found):
        more = f" And {len(errors) - 1} more." if len(errors) > 1 else ""
        raise Refused(f"{errors[0].message}{more} {KEPT_NOTHING}", findings=found)


def names_check(operations: Iterable[Operation]) -> None:
    written = [operation.path for operation in operations if isinstance(operation, AddFile | CopyFile)]
    refuse_on_errors(finding for path in written if (finding := path_finding(path)) is not None)


def contents_check(operations: Iterable[Operation]) -> None:
    """Content decides, not the ending: a pickle renamed is as refused as one that says so."""
    findings = [
        finding
        for operation in operations
        if isinstance(operation, AddFile) and (finding := blob_finding(operation.path, operation.blob)) is not None
    ]
    refuse_on_errors(findings)


def blob_finding(path: str, blob: Blob) -> Finding | None:
    size = blob.size_bytes
    head = blob_bytes(blob=blob, end=min(size, SNIFF_BYTES))
    tail = blob_bytes(blob=blob, start=max(0, size - SNIFF_BYTES), end=size) if size > SNIFF_BYTES else head
    return content_finding(path, head, size, tail)
