"""Who keeps whom out, by locks of the database: whoever writes commits or refs, the garbage collection, and backups.

A lock of a transaction ends with it, and that of a session with its connection, so nothing is left behind by a kill.
"""

from django.db import connection

# Any numbers, as long as every process uses the same.
COLLECT_LOCK = 7_041_801
BACKUP_LOCK = 7_041_802


def collection_keep_out() -> None:
    """Called in a transaction that writes trees, commits or refs: until its end, nothing that it may build upon is collected."""
    _ask("SELECT pg_advisory_xact_lock_shared(%s)", COLLECT_LOCK)


def writers_keep_out() -> None:
    """Called in a transaction that collects. Waits for those that write, and they for it, so it has to be short."""
    _ask("SELECT pg_advisory_xact_lock(%s)", COLLECT_LOCK)


def backup_is_running() -> bool:
    """Asked in a transaction; until its end no backup begins either."""
    return not _ask("SELECT pg_try_advisory_xact_lock(%s)", BACKUP_LOCK)


def _ask(statement: str, key: int) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement, [key])
        return cursor.fetchone()[0]
