"""What the rows are worthless without: the pepper that token hashes were made with, and the key that signs sessions.

Passwords of the embedded database are not among them: each cluster has its own.
"""

import os
from pathlib import Path

from django.conf import settings

from hub.backups.errors import BackupError
from hub.backups.folder import write_whole
from hub.backups.manifest import SECRETS, file_record
from hub.embedded.secret_files import write_private

NAMES = ("secret_key", "token_pepper")


def secrets_save(folder: Path) -> dict[str, str]:
    """The secrets in use, wherever they came from. Gives the sha256 of each file."""
    place = folder / SECRETS
    place.mkdir(mode=0o700)
    values = {"secret_key": settings.SECRET_KEY, "token_pepper": settings.TOKEN_PEPPERS[1]}
    for name, value in values.items():
        write_whole(place / name, f"{value}\n")
    return {name: file_record(place / name).sha256 for name in values}


def secrets_read(folder: Path) -> dict[str, str]:
    return {name: (folder / SECRETS / name).read_text().strip() for name in NAMES if (folder / SECRETS / name).exists()}


def secrets_place(saved: dict[str, str], data_dir_secrets: Path) -> None:
    """Into the data directory, for those that the environment does not set."""
    for name, value in saved.items():
        if not _from_environment(name):
            write_private(data_dir_secrets / name, f"{value}\n")


def secrets_check(saved: dict[str, str], folder: Path) -> None:
    """With another pepper every token of the backup would be refused, and nobody could tell why."""
    in_use = {"secret_key": settings.SECRET_KEY, "token_pepper": settings.TOKEN_PEPPERS[1]}
    other = [name for name in NAMES if name in saved and saved[name] != in_use[name]]
    if other:
        names = " and ".join(name.upper() for name in other)
        files = " and ".join(f"{name.upper()}_FILE={folder / SECRETS / name}" for name in other)
        raise BackupError(
            f"This hub is set up with another {names} than the backup: its access tokens and sessions would not count any more. "
            f"Set {files}, or add --new-secrets to go without them. Nothing was restored."
        )


def _from_environment(name: str) -> bool:
    return bool(os.environ.get(name.upper()) or os.environ.get(f"{name.upper()}_FILE"))
