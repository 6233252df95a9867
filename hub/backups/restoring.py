"""`backup_restore`: blobs first, each hashed on its way, then the database in one transaction. Killed anywhere, it can be run again."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.migrations.loader import MigrationLoader

from hub.accounts.audit import audit
from hub.backups.copying import Copied, Tell, blobs_copy, quiet
from hub.backups.errors import BackupError
from hub.backups.folder import BackupFolder
from hub.backups.manifest import DUMP, Manifest, blobs_listed
from hub.backups.postgres import dump_restore, tools_for
from hub.backups.secrets import secrets_check, secrets_read
from hub.blobs.services import store

# A hub is empty as long as it has none of these, whatever tables its migrations have made.
PRECIOUS = {"users": "accounts_user", "repos": "catalog_repo", "jobs": "jobs_job"}
AFTERWARDS = (
    "hub.xet.generation:renew"  # hashes of chunks that clients remember are forgotten: their bytes are not in a backup
)


@dataclass(frozen=True)
class Restored:
    snapshot: Path
    manifest: Manifest
    copied: Copied
    migrations_run: int = 0

    def summary(self) -> dict[str, Any]:
        return {
            "snapshot": str(self.snapshot), "counts": self.manifest.counts, "blobs": self.manifest.blob_count, "bytes": self.manifest.blob_bytes,
            "copied": self.copied.copied, "linked": self.copied.linked, "present": self.copied.present, "migrations_run": self.migrations_run,
            "missing": self.manifest.missing,
        }  # fmt: skip


def backup_restore(
    *, folder: BackupFolder, snapshot: Path, manifest: Manifest, is_forced: bool = False, has_new_secrets: bool = False,
    may_link: bool = True, tell: Tell = quiet,
) -> Restored:  # fmt: skip
    version_check(manifest)
    if not is_forced:
        emptiness_check()
    if not has_new_secrets:
        secrets_check(secrets_read(snapshot), snapshot)
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        server_major = int(cursor.fetchone()[0]) // 10000
    if server_major < manifest.server_major:
        raise BackupError(
            f"The backup comes from Postgres {manifest.server_major}; this database is Postgres {server_major}. Use one that is as new."
        )
    tools = tools_for(max(server_major, manifest.tool_major))
    with folder.held(is_shared=True):
        copied = _copy_blobs(folder, snapshot, manifest, may_link=may_link, tell=tell)
        tell(0, 1, "restore", "the database")
        connections.close_all()  # or psql would wait for our own locks
        dump_restore(tools, settings.DATABASES["default"], snapshot / DUMP)
        tell(1, 1, "restore", "the database")
    return Restored(snapshot, manifest, copied, _finish(snapshot, manifest))


def _copy_blobs(folder: BackupFolder, snapshot: Path, manifest: Manifest, *, may_link: bool, tell: Tell) -> Copied:
    left_out = set(manifest.missing)
    blobs = ((sha256, size) for sha256, size in blobs_listed(snapshot) if sha256 not in left_out)
    copied = blobs_copy(
        source=folder.blobs, target=store(), blobs=blobs, total_bytes=manifest.blob_bytes, tell=tell, may_link=may_link, must_hash=True
    )  # fmt: skip
    wrong = [f"{sha256} is missing" for sha256 in copied.missing] + [
        f"{sha256} was damaged" for sha256 in copied.corrupt
    ]
    if wrong:
        shown = "; ".join(wrong[:5]) + (f"; and {len(wrong) - 5} more" if len(wrong) > 5 else "")
        raise BackupError(
            f"{len(wrong)} blobs of the backup are not what they were: {shown}. The database was not touched. "
            f"Take another snapshot with --snapshot, or put these files back into {folder.root / 'blobs'}."
        )
    return copied


def version_check(manifest: Manifest) -> None:
    """An older backup is brought up to date afterwards. A newer one would meet code that does not know its tables."""
    known = {f"{app}.{name}" for app, name in MigrationLoader(None, ignore_no_migrations=True).disk_migrations}
    replaced = {
        f"{app}.{name}"
        for migration in MigrationLoader(None, ignore_no_migrations=True).disk_migrations.values()
        for app, name in migration.replaces
    }
    unknown = [name for name in manifest.migrations if name not in known and name not in replaced]
    if unknown:
        raise BackupError(
            f"The backup was made by Genepool {manifest.version}, which is newer than this one: it has {unknown[0]}"
            f"{f' and {len(unknown) - 1} more migrations' if len(unknown) > 1 else ''} that this one does not know. "
            "Install that release, then restore. Nothing was restored."
        )


def emptiness_check() -> None:
    """Tables of a fresh hub may be there; people, repos or jobs may not."""
    there = set(connection.introspection.table_names())
    found = []
    with connection.cursor() as cursor:
        for label, table in PRECIOUS.items():
            if table in there:
                cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608 a name of the table above
                if count := cursor.fetchone()[0]:
                    found.append(f"{count} {label}")
    if found:
        raise BackupError(
            f"The database is not empty: it has {', '.join(found)}. Restore into an empty data directory or database, "
            "or add --force to replace all of it. Nothing was restored."
        )


def _finish(snapshot: Path, manifest: Manifest) -> int:
    """Migrations of later releases, and what clients must not go on believing."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    count = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if count:
        call_command("migrate", interactive=False, verbosity=0)
    module, _, function = AFTERWARDS.partition(":")
    if find_spec(module):
        getattr(import_module(module), function)()
    with transaction.atomic():
        audit(
            "backup.restore", actor=None, subject=snapshot.name, made_at=manifest.created_at, version=manifest.version
        )
    return count
