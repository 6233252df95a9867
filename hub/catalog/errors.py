"""Which of the three was not there. On a private repo nobody gets past the first."""

from hub.core.errors import NotFound


class RepoMissing(NotFound):
    code = "repo_not_found"


class RevisionMissing(NotFound):
    code = "revision_not_found"


class EntryMissing(NotFound):
    """`commit_oid` says at which commit it is missing: clients remember that."""

    code = "entry_not_found"

    def __init__(self, message: str, commit_oid: str = "") -> None:
        super().__init__(message)
        self.commit_oid = commit_oid
