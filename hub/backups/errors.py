"""What goes wrong with backups, in words for the person at the terminal."""


class BackupError(Exception):
    """The message says what happened and what to do."""
