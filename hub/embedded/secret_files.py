"""Secrets made once, each in a file that only its owner reads."""

import os
import secrets
from pathlib import Path


def secret_ensure(path: Path, *, length: int = 48) -> str:
    """The secret in `path`; a new random one if there is none. Written whole or not at all, also when killed half-way."""
    try:
        found = path.read_text().strip()
    except FileNotFoundError:
        found = ""
    if found:
        return found
    write_private(path, secrets.token_urlsafe(length) + "\n")
    return path.read_text().strip()


def write_private(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
