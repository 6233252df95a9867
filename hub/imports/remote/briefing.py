"""What the hub tells the fetching process beside the request. It goes over standard input, so the token stands in no file."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Known(BaseModel):
    """Content that the target repo has already, by the key of `RemoteFile`: it is not fetched again."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    size_bytes: int


class Briefing(BaseModel):
    """`room_bytes`: how much the target's owner may still store; None is no limit. `seen_commit`: the source's, imported last."""

    token: str = Field(default="", repr=False)
    private_hosts: tuple[str, ...] = ()
    known: dict[str, Known] = Field(default_factory=dict)
    room_bytes: int | None = None
    room_words: str = ""
    max_file_bytes: int = 2**53
    seen_commit: str = ""
    timing: dict[str, float] = Field(default_factory=dict, description="for tests: other patience than the usual")


class FileReport(BaseModel):
    """One file of a tree, as it was found. Exactly one of `sha256` and `reason` says what became of it.

    `reason`: why it is not here. Of a file that stayed at the source `remote_sha256` is what the source claims.
    """

    path: str
    size_bytes: int
    oid: str
    is_lfs: bool
    sha256: str = ""
    remote_sha256: str = ""
    reason: str = ""


class TreeReport(BaseModel):
    commit: str
    files: tuple[FileReport, ...]


class RefReport(BaseModel):
    kind: str
    name: str
    commit: str


class ImportReport(BaseModel):
    """`commit` is the source's commit that the revision stood for. Without trees nothing had changed since `seen_commit`."""

    commit: str
    refs: tuple[RefReport, ...] = ()
    trees: tuple[TreeReport, ...] = ()
    facts: dict[str, Any] | None = None
    findings: tuple[dict[str, Any], ...] = ()
