"""Hubs to back up and to restore into: a database each in the test's cluster, a store each, and commands as processes of their own."""

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[3]
# Written by a restore itself, and so not in the backup.
OF_THE_RESTORE = "backup.restore"


@dataclass(frozen=True)
class Place:
    """A hub as its environment sees it."""

    environment: dict[str, str]

    @property
    def url(self) -> str:
        return self.environment["DATABASE_URL"]

    def run(self, *command: str, code: str = "") -> subprocess.CompletedProcess[str]:
        arguments = ["-c", code, *command] if code else ["-m", "hub.cli", *command]
        return subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=110
        )

    def genepool(self, *command: str) -> dict:
        """The figures of a command that is to succeed."""
        done = self.run(*command, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def rows(self) -> dict[str, list[str]]:
        """Every row of every table, in order, as text."""
        with psycopg.connect(self.url) as connection:
            names = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            ).fetchall()
            return {
                name: [
                    row[0]
                    for row in connection.execute(
                        sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(sql.Identifier(name))
                    )
                    if not (name == "accounts_auditentry" and OF_THE_RESTORE in row[0])
                ]
                for (name,) in names
            }

    def blobs(self) -> dict[str, bytes]:
        folder = Path(urlsplit(self.environment["STORAGE_URL"]).path)
        return {path.name: path.read_bytes() for path in folder.glob("sha256/*/*/*")}


@contextmanager
def empty_place(environment: dict[str, str], folder: Path, **more: str):
    """A database with nothing in it, and a store that is not there yet."""
    name = f"restored_{uuid4().hex[:12]}"
    original = environment["DATABASE_URL"]
    parts = urlsplit(original)
    with psycopg.connect(original, autocommit=True) as maintenance:
        maintenance.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield Place(
                {
                    **environment,
                    "DATABASE_URL": urlunsplit(parts._replace(path=f"/{name}")),
                    "STORAGE_URL": folder.as_uri(),
                    "GENEPOOL_DATA": str(folder.parent / f"{folder.name}-data"),
                    **more,
                }
            )
        finally:
            _drop(maintenance, name)


def _drop(maintenance: psycopg.Connection, name: str) -> None:
    """The database's own cleaner belongs to another role and may not be ended: it is waited for."""
    give_up = time.monotonic() + 30
    while True:
        try:
            maintenance.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            return
        except psycopg.errors.InsufficientPrivilege:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.2)
