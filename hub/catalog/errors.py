"""Which of the three was not there, and what keeps the files of a repo back. On a private repo nobody gets past the first."""

from hub.core.errors import Forbidden, NotFound


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


class RepoGated(Forbidden):
    """Everybody sees the entry; its files are for those who were let in."""

    code, title = "repo_gated", "Ask for access first"


class RepoDisabled(Forbidden):
    """Clients know this state by its very words."""

    code, title = "repo_disabled", "Taken down"

    def __init__(self) -> None:
        super().__init__("Access to this resource is disabled.")
