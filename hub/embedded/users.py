"""Postgres refuses to run as root. Started by root, it runs as a system user that is there already."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.embedded.errors import EmbeddedError

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class SystemUser:
    name: str
    uid: int
    gid: int


def service_user() -> SystemUser | None:
    """None for an ordinary user, who runs everything alone."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return SystemUser(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        f"Postgres does not run as root, and this machine has no user {' or '.join(CANDIDATES)}. "
        "Start genepool as an ordinary user, or set DATABASE_URL."
    )


def identity_arguments(user: SystemUser | None) -> dict[str, Any]:
    """Keyword arguments that make `subprocess` start a program as `user`, without a shell or a fork of our own."""
    return {"user": user.uid, "group": user.gid, "extra_groups": []} if user else {}


def can_run(user: SystemUser, command: list[str]) -> bool:
    """Asked by trying, so that access lists and mount options count as well as modes."""
    try:
        done = subprocess.run(
            command, cwd="/", capture_output=True, stdin=subprocess.DEVNULL, **identity_arguments(user)
        )
    except OSError:
        return False
    return done.returncode == 0


def may_enter(user: SystemUser, folder: Path) -> bool:
    return can_run(user, ["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)])


def may_read(user: SystemUser, file: Path) -> bool:
    return can_run(user, ["/bin/sh", "-c", 'test -r "$1"', "sh", str(file)])
