"""The four ways a job can end early. Whose fault it is decides the job's state and whether it is tried again."""

from workers.contracts.findings import Finding


class GenepoolError(Exception):
    """Root of our own errors. The message reaches people: no host paths, no secrets."""

    code = "error"


class UserError(GenepoolError):
    """The asker's fault: the job ends `failed`, carries findings, and is never tried again."""

    code = "user_error"

    def __init__(self, message: str, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.findings = findings


class ResourceError(GenepoolError):
    """Memory or disk ran out. Tried once more with the plan that needs least memory."""

    code = "resource"


class TransientError(GenepoolError):
    """Network or storage hiccup. Tried again with growing pauses."""

    code = "transient"


class Cancelled(GenepoolError):
    """Somebody asked the job to stop."""

    code = "cancelled"
