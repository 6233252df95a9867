"""The four ways a job can end early. Whose fault it is decides the job's state and whether it is tried again."""

from workers.contracts.findings import Finding


class GenepoolError(Exception):
    """Root of our own errors. The message reaches people: no host paths, no secrets.

    `code` names the reason in events and in the ledger; `exit_code` tells it to a supervisor whom no event reached.
    """

    code = "error"
    exit_code = 1


class UserError(GenepoolError):
    """The asker's fault: the job ends `failed`, carries findings, and is never tried again."""

    code = "user_error"
    exit_code = 3

    def __init__(self, message: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.findings = findings


class ResourceError(GenepoolError):
    """Memory or disk ran out. Tried once more with the plan that needs least memory."""

    code = "resource"
    exit_code = 4


class TransientError(GenepoolError):
    """Network or storage hiccup. Tried again with growing pauses."""

    code = "transient"
    exit_code = 5


class Cancelled(GenepoolError):
    """Somebody asked the job to stop."""

    code = "cancelled"
    exit_code = 6


ENDINGS: tuple[type[GenepoolError], ...] = (UserError, ResourceError, TransientError, Cancelled)
