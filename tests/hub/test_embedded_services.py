"""The two services for real: made, used, stopped, killed and started again, in awkward folders and as different users."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
import redis as redis_client

from hub.embedded import EmbeddedError, binaries, embedded_services, placement
from hub.embedded.layout import Layout
from hub.embedded.lock import AlreadyRunning, holder_of
from hub.embedded.postgres import DATABASE, ROLE
from hub.embedded.processes import identity_of, pids_working_in
from hub.embedded.services import EmbeddedServices
from tests.hub.embedded_support import (
    OWN,
    ROOT,
    forget_home,
    open_folder,
    ordinary_python,
    own_environment,
    wait_for,
)


@pytest.fixture(autouse=True, scope="module")
def _own_services():
    with pytest.MonkeyPatch.context() as patch:
        for name in OWN:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture
def data_dir():
    with open_folder() as folder:
        yield folder / "data"
        forget_home(folder / "data")


@pytest.fixture(scope="module")
def running(_own_services):
    with open_folder() as folder:
        with embedded_services(folder / "data", is_durable=True) as services:
            yield services
        forget_home(folder / "data")


def connect(services: EmbeddedServices) -> psycopg.Connection:
    assert services.postgres
    password = Path(services.environment()["DATABASE_PASSWORD_FILE"]).read_text().strip()
    return psycopg.connect(host=str(services.postgres.sockets), user=ROLE, password=password, dbname=DATABASE)


def test_the_role_is_no_superuser_and_owns_a_database_with_pgvector(running: EmbeddedServices):
    with connect(running) as connection:
        assert (
            connection.execute(
                "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
            == (False,) * 3
        )
        assert connection.execute("SELECT '[1,2]'::vector <-> '[1,4]'::vector").fetchone() == (2.0,)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_without_a_password_nobody_gets_in(running: EmbeddedServices):
    assert running.postgres
    for user in (ROLE, "genepool_admin", "postgres"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host=str(running.postgres.sockets), user=user, password="wrong", dbname="postgres")


def test_nothing_listens_on_the_network(running: EmbeddedServices):
    with connect(running) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert running.redis
        client = redis_client.Redis(unix_socket_path=str(running.redis.socket))
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_the_broker_and_the_cache_reach_the_same_database_of_it(running: EmbeddedServices):
    from kombu import Connection

    from hub.config.celery import broker_url

    assert running.redis
    url = running.redis.url().replace("db=0", "db=3")
    with Connection(broker_url(url)) as broker, broker.SimpleQueue("bell") as queue:
        queue.put("ring")
        with redis_client.Redis.from_url(url) as client, redis_client.Redis.from_url(running.redis.url()) as other:
            assert client.llen("bell") == 1
            assert other.llen("bell") == 0


def test_sockets_and_secrets_are_closed_to_others(running: EmbeddedServices):
    assert running.postgres
    assert running.redis
    for folder in (
        running.postgres.sockets,
        running.redis.socket.parent,
        running.layout.data_dir / "secrets",
        running.postgres.placement.cluster,
    ):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    for file in (running.layout.data_dir / "secrets").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    sockets = (running.postgres.sockets / ".s.PGSQL.5432", running.redis.socket)
    assert all(stat.S_IMODE(socket.stat().st_mode) & 0o077 == 0 for socket in sockets)


def test_the_environment_holds_no_secret(running: EmbeddedServices):
    shown = " ".join(running.environment().values())
    for file in (running.layout.data_dir / "secrets").iterdir():
        assert file.read_text().strip() not in shown


def test_it_leaves_no_process_and_no_socket_folder(data_dir):
    with embedded_services(data_dir, is_durable=False) as services:
        assert services.postgres
        assert services.redis
        folders = (services.postgres.sockets, services.redis.socket.parent)
        homes = (services.postgres.placement.cluster, data_dir / "redis")
        assert all(pids_working_in(home, named="") for home in homes)
    assert not any(pids_working_in(home, named="") for home in homes)
    assert not any(folder.exists() for folder in folders)


def test_data_outlives_a_kill_of_everything(data_dir):
    script = f"""
import os, signal, sys
from hub.embedded import embedded_services
with embedded_services({str(data_dir)!r}) as services:
    sys.stdout.write("started\\n"); sys.stdout.flush()
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=own_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stdout
        assert first.stdout.readline() == "started\n"
        layout = Layout(data_dir)
        cluster = data_dir / "postgres"
        first.kill()
    orphans = [identity_of(pid) for folder in (cluster, layout.redis) for pid in pids_working_in(folder, named="")]
    assert len(orphans) >= 2
    postmaster = int((cluster / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGKILL)  # its pid file, its socket and its shared memory stay behind

    with embedded_services(data_dir) as services, connect(services) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert services.redis
        assert redis_client.Redis(unix_socket_path=str(services.redis.socket)).ping()
        assert not any(orphan and identity_of(orphan.pid) == orphan for orphan in orphans)


def test_a_pid_that_was_given_to_somebody_else_does_not_stop_it(data_dir):
    with embedded_services(data_dir, is_durable=False) as services:
        assert services.postgres
        cluster = services.postgres.placement.cluster
    owner = cluster.stat()
    with subprocess.Popen(["sleep", "600"], user=owner.st_uid if os.geteuid() == 0 else None) as stranger:
        try:
            (cluster / "postmaster.pid").write_text(f"{stranger.pid}\n{cluster}\n1\n5432\n/nowhere\n\n0 0\nready\n")
            os.chown(cluster / "postmaster.pid", owner.st_uid, owner.st_gid)
            with embedded_services(data_dir, is_durable=False) as services, connect(services) as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_it_works_in_a_folder_of_200_characters_with_spaces_and_quotes():
    with open_folder() as folder:
        name = "a b'c,d"
        long = folder / name
        while len(str(long)) < 200:
            long = long / (name + "x" * 30)
        with embedded_services(long, is_durable=False) as services, connect(services) as connection:
            assert len(str(long)) >= 200
            assert connection.execute("SELECT 1").fetchone() == (1,)
            assert services.redis
            assert redis_client.Redis.from_url(services.redis.url()).ping()
        forget_home(long)


def test_a_closed_folder_keeps_its_mode_and_still_works(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root's Postgres runs as another user")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    data_dir = closed / "data"
    try:
        with embedded_services(data_dir, is_durable=False) as services, connect(services) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
            assert services.postgres
            assert services.postgres.placement.cluster == Layout(data_dir).closed_home / "cluster"
            connection.execute("CREATE TABLE kept (n int)")
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        with embedded_services(data_dir, is_durable=False) as services, connect(services) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    finally:
        forget_home(data_dir)


def test_a_closed_environment_gets_a_copy_of_its_binaries(data_dir, tmp_path, monkeypatch):
    if os.geteuid() != 0:
        pytest.skip("only root's Postgres runs as another user")
    closed = tmp_path / "environment"
    closed.mkdir(mode=0o700)
    original = binaries.postgres_install()
    package = original.root.parent
    for folder in (original.root, package.with_name(f"{package.name}.libs"), package / ".dylibs"):
        if folder.exists():
            shutil.copytree(folder, closed / folder.relative_to(package.parent), symlinks=True)
    install = binaries.PostgresInstall(closed / package.name / original.root.name, original.major)
    monkeypatch.setattr(placement, "postgres_install", lambda: install)
    with embedded_services(data_dir, is_durable=False) as services, connect(services) as connection:
        assert connection.execute("SELECT '[1,2]'::vector <-> '[1,4]'::vector").fetchone() == (2.0,)
        assert services.postgres
        assert services.postgres.placement.install.root.is_relative_to(Layout(data_dir).closed_home)
        assert services.postgres.placement.cluster == data_dir / "postgres"
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_a_data_directory_that_moved_keeps_the_cluster_it_had_apart(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("an ordinary user's cluster lies in the data directory and goes with it")
    try:
        with embedded_services(tmp_path / "data", is_durable=False) as services, connect(services) as connection:
            connection.execute("CREATE TABLE kept (n int)")
        (tmp_path / "data").rename(tmp_path / "moved")
        with embedded_services(tmp_path / "moved", is_durable=False) as services, connect(services) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
        forget_home(tmp_path / "data")
        with (
            pytest.raises(EmbeddedError, match="which is gone"),
            embedded_services(tmp_path / "moved", is_durable=False),
        ):
            pass
    finally:
        for name in ("data", "moved"):
            forget_home(tmp_path / name)


def test_a_cluster_of_a_deleted_data_directory_is_put_aside(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("an ordinary user's cluster lies in the data directory and goes with it")
    data_dir = tmp_path / "data"
    try:
        with embedded_services(data_dir, is_durable=False) as services, connect(services) as connection:
            connection.execute("CREATE TABLE kept (n int)")
        subprocess.run(["rm", "-rf", str(data_dir)], check=True)
        with embedded_services(data_dir, is_durable=False) as services, connect(services) as connection:
            assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)
        assert (Layout(data_dir).closed_home / "cluster.old-1" / "PG_VERSION").exists()
    finally:
        forget_home(data_dir)


def test_an_ordinary_user_starts_and_stops_it():
    python, environment, someone = ordinary_python()
    with open_folder() as folder:
        folder.chmod(0o777)
        script = f"""
import os
from hub.embedded import embedded_services
with embedded_services({str(folder / "data")!r}, is_durable=False) as services:
    placement = services.postgres.placement
    assert placement.user is None
    assert placement.cluster.stat().st_uid == os.geteuid()
    print(services.postgres.is_ready(), services.redis.is_ready())
"""
        environment["HOME"] = str(folder)
        environment.pop("XDG_RUNTIME_DIR", None)
        done = subprocess.run(
            [*python, "-c", script], cwd="/", env=environment, capture_output=True, text=True, **someone
        )
        assert done.stdout == "True True\n", done.stderr


def test_a_second_holder_is_told_who_holds_the_folder(data_dir):
    with embedded_services(data_dir, what="the first", is_durable=False):
        with pytest.raises(AlreadyRunning, match=rf"the first, process {os.getpid()}"), embedded_services(data_dir):
            pass
        assert holder_of(data_dir)
    assert holder_of(data_dir) is None


def test_addresses_of_the_operator_replace_ours(data_dir, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody@db.example/hub")
    monkeypatch.setenv("REDIS_URL", "redis://broker.example/0")
    with embedded_services(data_dir) as services:
        assert services.postgres is None
        assert services.redis is None
        assert not {"DATABASE_URL", "REDIS_URL"} & set(services.environment())


def test_a_postgres_that_cannot_start_is_quoted(data_dir):
    with embedded_services(data_dir, is_durable=False) as services:
        assert services.postgres
        cluster = services.postgres.placement.cluster
    (cluster / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedError, match="pg_control"), embedded_services(data_dir, is_durable=False):
        pass
    wait_for(lambda: not pids_working_in(cluster, named=""))
    assert holder_of(data_dir) is None


def test_another_major_version_is_refused_with_the_way_out(data_dir):
    with embedded_services(data_dir, is_durable=False) as services:
        assert services.postgres
        cluster = services.postgres.placement.cluster
    (cluster / "PG_VERSION").write_text("17\n")
    with (
        pytest.raises(EmbeddedError, match="made by Postgres 17") as refusal,
        embedded_services(data_dir, is_durable=False),
    ):
        pass
    assert "genepool backup" in str(refusal.value)


def test_urls_are_ones_that_the_readers_of_the_settings_take(running: EmbeddedServices):
    parts = urlsplit(running.environment()["DATABASE_URL"])
    assert parts.username == ROLE
    assert unquote(parts.query).startswith(f"host={running.postgres.sockets}&")
