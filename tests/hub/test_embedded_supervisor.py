"""The supervisor over small shell programs: order, restarts, patience and the lack of it."""

import io
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from hub.embedded import EmbeddedError, supervisor
from hub.embedded.console import Console
from hub.embedded.layout import layout_make
from hub.embedded.processes import MARKER, identity_of
from hub.embedded.records import ProcessRecords
from hub.embedded.specs import ServiceSpec
from hub.embedded.supervisor import StopRequested, Supervisor
from tests.hub.embedded_support import wait_for


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_S", 0.0)
    monkeypatch.setattr(supervisor, "TICK_S", 0.01)


@pytest.fixture
def layout(tmp_path):
    return layout_make(tmp_path / "data")


@pytest.fixture
def console(layout):
    return Console(layout.logs, io.StringIO())


def shell(name: str, script: str, folder: Path, **options) -> ServiceSpec:
    return ServiceSpec(
        name=name, command=("/bin/sh", "-c", script), environment={"PATH": os.defpath}, folder=folder, **options
    )


def turn_until(supervisor: Supervisor, what) -> None:
    def one_turn():
        supervisor.turn()
        return what()

    wait_for(one_turn, 30)


def test_a_service_that_ends_is_started_again(layout, console, tmp_path):
    with Supervisor(layout, console) as watch:
        watch.start(
            shell("web", "echo once >> starts; [ $(wc -l < starts) -gt 2 ] && exec sleep 600; exit 3", tmp_path)
        )
        turn_until(
            watch, lambda: (tmp_path / "starts").exists() and (tmp_path / "starts").read_text().count("once") == 3
        )
    assert console.stream.getvalue().count("web ended (status 3); it starts again in 0 s") == 2


def test_each_end_in_a_row_doubles_the_pause(layout, console, tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_S", 0.01)
    with Supervisor(layout, console) as watch:
        watch.start(shell("web", "exit 1", tmp_path))
        turn_until(watch, lambda: "in 0.04 s" in console.stream.getvalue())
    said = console.stream.getvalue()
    assert said.index("in 0.01 s") < said.index("in 0.02 s") < said.index("in 0.04 s")


def test_what_cannot_start_is_given_up_with_its_last_words(layout, console, tmp_path):
    with Supervisor(layout, console) as watch:
        watch.start(shell("postgres", "echo no room for the cluster; exit 1", tmp_path, is_ready=lambda: False))
        with pytest.raises(EmbeddedError, match="no room for the cluster"):
            watch.wait_ready("postgres")


def test_what_never_answers_is_given_up_after_its_time(layout, console, tmp_path):
    with Supervisor(layout, console) as watch:
        watch.start(shell("web", "exec sleep 600", tmp_path, is_ready=lambda: False, ready_s=0.05))
        with pytest.raises(EmbeddedError, match="did not answer within"):
            watch.wait_ready("web")


def test_higher_stages_stop_first(layout, console, tmp_path):
    ready = tmp_path / "ready"
    script = "trap 'echo %s >> order; exit' TERM; touch %s.up; while :; do sleep 0.01; done"
    with Supervisor(layout, console) as watch:
        for name, stage in (("postgres", 0), ("worker", 3), ("redis", 1), ("web", 2)):
            watch.start(
                shell(name, script % (name, name), tmp_path, stage=stage, is_ready=(tmp_path / f"{name}.up").exists)
            )
        watch.wait_ready("postgres", "worker", "redis", "web")
    assert not ready.exists()
    assert (tmp_path / "order").read_text().split() == ["worker", "web", "redis", "postgres"]


def test_one_that_ignores_the_request_is_killed_after_its_time(layout, console, tmp_path):
    with Supervisor(layout, console) as watch:
        watch.start(
            shell(
                "web",
                "trap '' TERM; touch up; while :; do sleep 0.01; done",
                tmp_path,
                stop_s=0.1,
                is_ready=(tmp_path / "up").exists,
            )
        )
        watch.wait_ready("web")
        process = watch.services["web"].process
    assert process.returncode == -signal.SIGKILL


def test_a_second_signal_takes_the_patience_away(layout, console, tmp_path):
    with Supervisor(layout, console) as watch:
        script = f"trap 'kill -INT {os.getpid()}' TERM; touch up; while :; do sleep 0.01; done"
        watch.start(shell("web", script, tmp_path, stop_s=600, is_ready=(tmp_path / "up").exists))
        watch.wait_ready("web")
        process = watch.services["web"].process
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_for_the_end(layout, console, number):
    before = signal.getsignal(number)
    with Supervisor(layout, console) as watch:
        os.kill(os.getpid(), number)
        with pytest.raises(StopRequested):
            watch.watch()
    assert signal.getsignal(number) is before


def test_children_of_a_service_that_died_die_with_it(layout, console, tmp_path):
    with Supervisor(layout, console) as watch:
        watch.start(shell("worker", "sleep 600 & echo $! > child; exit 1", tmp_path))
        turn_until(watch, lambda: "ended" in console.stream.getvalue())
        child = int((tmp_path / "child").read_text().split()[0])
        wait_for(lambda: identity_of(child) is None)


def test_a_signal_at_the_terminal_reaches_no_service(layout, console, tmp_path):
    with Supervisor(layout, console) as watch:
        watch.start(shell("web", "ps -o sid= -p $$ > session; exec sleep 600", tmp_path))
        turn_until(watch, lambda: (tmp_path / "session").exists() and (tmp_path / "session").read_text().strip())
        assert int((tmp_path / "session").read_text()) == watch.services["web"].process.pid != os.getsid(0)


def test_a_program_runs_to_its_end_and_gives_its_status(layout, console, tmp_path):
    with Supervisor(layout, console) as watch:
        assert watch.run(shell("prepare", "echo done; exit 4", tmp_path)) == 4
    assert "prepare    done\n" in console.stream.getvalue()


def test_sockets_are_touched_so_that_no_sweeper_takes_them(layout, console, tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "TOUCH_S", 0.0)
    socket = tmp_path / "socket"
    socket.touch()
    os.utime(socket, (1, 1))
    with Supervisor(layout, console) as watch:
        watch.start(
            shell(
                "redis",
                f"while [ {socket} -ot {tmp_path} ]; do sleep 0.01; done; kill -INT {os.getpid()}; exec sleep 600",
                tmp_path,
                keep_fresh=(socket,),
            )
        )
        with pytest.raises(StopRequested):
            watch.watch()
    assert socket.stat().st_mtime > 1


def test_services_see_no_lock_and_no_foreign_descriptor(layout, console, tmp_path):
    kept = os.open(tmp_path, os.O_RDONLY)
    try:
        with Supervisor(layout, console) as watch:
            watch.run(shell("prepare", "ls /proc/self/fd > fds || ls /dev/fd > fds", tmp_path))
        assert str(kept) not in (tmp_path / "fds").read_text().split()
    finally:
        os.close(kept)


def test_what_a_killed_supervisor_left_is_ended_by_the_next(layout, console, tmp_path):
    marked = {"PATH": os.defpath, MARKER: str(layout.data_dir)}
    foreign = {"PATH": os.defpath, MARKER: str(layout.data_dir) + "-other"}
    with (
        subprocess.Popen(["sleep", "600"], env=marked) as ours,
        subprocess.Popen(["sleep", "600"], env=foreign) as theirs,
    ):
        try:
            assert ProcessRecords(layout).stop_orphans() == 1
            assert ours.wait(30) == -signal.SIGTERM
            assert theirs.poll() is None
        finally:
            theirs.kill()
            ours.kill()


def test_a_recorded_process_is_known_by_pid_and_start_time(layout):
    with subprocess.Popen(["sleep", "600"]) as recorded, subprocess.Popen(["sleep", "600"]) as reused:
        try:
            ProcessRecords(layout).add("web", recorded.pid)
            file = layout.run / "processes.json"
            file.write_text(json.dumps({**json.loads(file.read_text()), "worker": [reused.pid, "another start"]}))
            assert ProcessRecords(layout).stop_orphans() == 1
            assert recorded.wait(30) == -signal.SIGTERM
            assert reused.poll() is None
        finally:
            recorded.kill()
            reused.kill()
