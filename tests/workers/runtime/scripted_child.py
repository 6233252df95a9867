"""Stands in for the real child: does what the recipe's `script` says, without torch. Speaks the same protocol."""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from workers.contracts.jobs import JobResult
from workers.jobs.outputs import result_of

parser = argparse.ArgumentParser()
parser.add_argument("workdir", type=Path)
parser.add_argument("--events-fd", type=int)
parser.add_argument("--alive-fd", type=int)
options = parser.parse_args()
request = json.loads((options.workdir / "request.json").read_text())
out, journal = options.workdir / "out", options.workdir / "journal"


def say(**event):
    os.write(options.events_fd, json.dumps(event).encode() + b"\n")


def die_with_parent():
    os.read(options.alive_fd, 1)
    os._exit(6)


def wait_for_ever():
    while True:
        time.sleep(0.02)


def finish():
    (out / "README.md").write_text("# Done\n")
    result: JobResult = result_of(
        out, metrics={"kept": len(list(journal.iterdir()))}, report={}, tensor_digest="d" * 64
    )
    (options.workdir / "result.json").write_text(result.model_dump_json(by_alias=True))
    sys.exit(0)


def give_up(code: int):
    say(type="error", code={3: "user_error", 4: "resource", 5: "transient"}[code], message="Reasons.", findings=[])
    sys.exit(code)


def refuse_to_die():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen(
        [sys.executable, "-c", "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"]
    )
    say(type="log", message="started")
    wait_for_ever()


def checkpoint_then(act):
    (journal / f"unit-{len(list(journal.iterdir()))}").write_text("done")
    say(type="checkpoint", unit="one", data={})
    act()


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


def stop_at_boundary():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(6))
    say(type="log", message="started")
    wait_for_ever()


def eat_memory():
    held = bytearray(300 * 2**20)
    held[::4096] = b"x" * len(held[::4096])
    wait_for_ever()


def write_much():
    (out / "big").write_bytes(b"x" * 2**21)
    wait_for_ever()


def talk():
    for number in range(50):
        say(type="log", message=f"{number} " + "x" * 1000)
    os.write(options.events_fd, b"not json\n")
    say(type="progress", done=50, total=50)
    finish()


def show_environment():
    say(type="log", message=json.dumps({**dict(os.environ), "_cwd": os.getcwd()}))
    finish()


SCRIPTS = {
    "finish": finish,
    "talk": talk,
    "environment": show_environment,
    "user_error": lambda: give_up(3),
    "resource": lambda: give_up(4),
    "transient": lambda: give_up(5),
    "bug": lambda: 1 / 0,
    "no_result": lambda: sys.exit(0),
    "killed": lambda: checkpoint_then(kill_self),
    "refuse_to_die": refuse_to_die,
    "stop_at_boundary": stop_at_boundary,
    "hang": wait_for_ever,
    "eat_memory": eat_memory,
    "write_much": write_much,
}
threading.Thread(target=die_with_parent, daemon=True).start()
SCRIPTS[request["recipe"]["script"]]()
