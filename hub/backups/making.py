"""`backup_make`: the database first, then the blobs that it names. Whatever a finished snapshot mentions, it holds."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection

from hub.backups.copying import Copied, Tell, blobs_copy, quiet
from hub.backups.folder import BackupFolder, write_whole
from hub.backups.manifest import BLOB_LIST, DUMP, MANIFEST, Manifest, blobs_listed, file_record
from hub.backups.postgres import dump_make, tools_for
from hub.backups.secrets import secrets_save
from hub.blobs.services import driver
from hub.catalog.shield import BACKUP_LOCK
from workers.contracts.version import VERSION

COUNTED = {
    "users": "accounts_user", "tokens": "accounts_accesstoken", "repos": "catalog_repo", "commits": "catalog_commit",
    "refs": "catalog_ref", "jobs": "jobs_job", "evaluations": "evals_evaluation", "audit_entries": "accounts_auditentry",
}  # fmt: skip


@dataclass(frozen=True)
class Backup:
    """`removed` are snapshots, and blobs that only they named, which `keep` let go."""

    folder: Path
    manifest: Manifest
    copied: Copied
    removed: tuple[int, int]

    @property
    def is_whole(self) -> bool:
        return not self.manifest.missing

    def summary(self) -> dict[str, Any]:
        return {
            "snapshot": str(self.folder), "counts": self.manifest.counts, "blobs": self.manifest.blob_count, "bytes": self.manifest.blob_bytes,
            "copied": self.copied.copied, "linked": self.copied.linked, "present": self.copied.present, "copied_bytes": self.copied.copied_bytes,
            "missing": self.copied.missing, "corrupt": self.copied.corrupt, "removed_snapshots": self.removed[0], "removed_blobs": self.removed[1],
        }  # fmt: skip


def backup_make(*, root: Path, keep: int = 0, may_link: bool = True, tell: Tell = quiet) -> Backup:
    """A new snapshot in `root`. Blobs that an earlier one has are not copied again; `keep` 0 keeps every snapshot."""
    folder = BackupFolder(root)
    folder.prepare()
    with folder.held(), _no_collection():
        snapshot = folder.begin()
        manifest = _write_database(snapshot, tell)
        total = manifest.blob_bytes
        copied = blobs_copy(
            source=driver(), target=folder.blobs, blobs=blobs_listed(snapshot), total_bytes=total, tell=tell, may_link=may_link
        )  # fmt: skip
        manifest = manifest.model_copy(update={"missing": sorted({*copied.missing, *copied.corrupt})})
        os.sync()  # links and folders too: the manifest must not outlive what it speaks of
        write_whole(snapshot / MANIFEST, json.dumps(manifest.model_dump(by_alias=True), indent=1) + "\n")
        removed = folder.rotate(keep) if keep else (0, 0)
    return Backup(snapshot, manifest, copied, removed)


def _write_database(snapshot: Path, tell: Tell) -> Manifest:
    """Dump, blob list and counts are of one moment: pg_dump looks at the database through our own transaction."""
    tell(0, 1, "dump", "the database")
    database = settings.DATABASES["default"]
    with _session() as session, session.transaction():
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        exported = _one(session, "SELECT pg_export_snapshot()")
        server_major = session.info.server_version // 10000
        tools = tools_for(server_major)
        dump_make(tools, database, snapshot / DUMP, exported=exported)
        count, size = _write_blob_list(session, snapshot / BLOB_LIST)
        migrations = [
            f"{app}.{name}"
            for app, name in session.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        ]
        counts = {
            label: _one(session, psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(table)))
            for label, table in COUNTED.items()
        }
    tell(1, 1, "dump", "the database")
    return Manifest(
        schema=1, version=VERSION, created_at=datetime.now(UTC).isoformat(timespec="seconds"), storage=settings.STORAGE_URL.partition(":")[0],
        server_major=server_major, tool_major=tools.major, migrations=migrations, counts=counts, dump=file_record(snapshot / DUMP),
        blob_list=file_record(snapshot / BLOB_LIST), blob_count=count, blob_bytes=size, secrets=secrets_save(snapshot),
    )  # fmt: skip


def _write_blob_list(session: "psycopg.Connection[Any]", path: Path) -> tuple[int, int]:
    """What is kept as a difference is not in it: its base and its difference are."""
    count = size = 0
    statement = "SELECT sha256, size_bytes FROM blobs_blob WHERE NOT EXISTS (SELECT FROM blobs_delta WHERE blob_id = sha256) ORDER BY sha256"
    with path.open("w", encoding="ascii") as file, session.cursor("blobs") as rows:
        path.chmod(0o600)
        rows.itersize = 10_000
        for sha256, size_bytes in rows.execute(statement):
            file.write(f"{sha256}\t{size_bytes}\n")
            count, size = count + 1, size + size_bytes
        file.flush()
        os.fsync(file.fileno())
    return count, size


def _one(session: "psycopg.Connection[Any]", statement: Any) -> Any:
    row = session.execute(statement).fetchone()
    assert row is not None  # noqa: S101 every one of these statements gives a row
    return row[0]


@contextmanager
def _session() -> Iterator["psycopg.Connection[Any]"]:
    """Apart from Django's: a dump may take hours, and no limit of the web holds for it."""
    parameters = {
        name: value for name, value in connection.get_connection_params().items() if name not in ("context", "cursor_factory", "options")
    }  # fmt: skip
    options = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0"
    with psycopg.connect(**parameters, options=options) as session:
        yield session


@contextmanager
def _no_collection() -> Iterator[None]:
    """While this lasts, no garbage is collected: a blob of the dump cannot go before it was copied."""
    with _session() as session:
        session.autocommit = True
        session.execute("SELECT pg_advisory_lock_shared(%s)", [BACKUP_LOCK])
        yield
