"""What storage tells people."""

from hub.core.errors import ApplicationError


class OutOfStorage(ApplicationError):
    """507, not 503: clients repeat a 503 at once, and a full disk does not empty itself in eight seconds."""

    status, code, title = 507, "storage_full", "The storage is full"
