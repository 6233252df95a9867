"""Backups: the database, the blobs it names and the secrets it needs, in one folder; and the way back. A package, not an app."""
