"""The child as a process: a whole merge, cancel, kill and resume, and the death of its parent."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.builders import finetuned, mlp_state, model_folder
from tests.workers.engine.plans import plan_of
from workers.contracts.errors import Cancelled, ResourceError, UserError
from workers.contracts.events import EVENT
from workers.contracts.facts import RepoFacts
from workers.contracts.jobs import Input, InputFile, JobRequest
from workers.runtime.child import as_known
from workers.runtime.workspace import result_read, workspace_make

ROOT = Path(__file__).resolve().parents[3]


def models(root, *, layers=4, width=16):
    state = mlp_state(sizes=(width,) * (layers + 1))
    states = [state, *(finetuned(state, seed=seed) for seed in (1, 2))]
    return [model_folder(root / f"m{index}", made, config={"model_type": "mlp"}) for index, made in enumerate(states)]


def request_for(folders, *, shards=2, **options):
    def files(folder):
        return tuple(
            InputFile(
                path=path.name, size_bytes=path.stat().st_size, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), local=str(path)
            )
            for path in sorted(folder.iterdir())
        )  # fmt: skip

    inputs = tuple(
        Input(
            role="source" if index else "base", index=max(index - 1, 0), reference=f"demo/m{index}",
            facts=RepoFacts(repo=f"demo/m{index}"), files=files(folder),
        )
        for index, folder in enumerate(folders)
    )  # fmt: skip
    recipe = {
        "kind": "merge",
        "method": "ties",
        "base": "demo/m0",
        "sources": [{"model": "demo/m1"}, {"model": "demo/m2"}],
    }
    values = {
        "kind": "merge",
        "recipe": recipe,
        "inputs": inputs,
        "plan": plan_of(folders, "ties", shards=shards),
        "threads": 2,
    }
    return JobRequest(**(values | options))


@dataclass
class Running:
    process: subprocess.Popen
    events: int
    alive: int

    def lines(self):
        """Events as they come, until the child closes its end."""
        rest = b""
        while data := os.read(self.events, 65536):
            *lines, rest = (rest + data).split(b"\n")
            yield from (EVENT.validate_json(line) for line in lines)

    def end(self):
        found = list(self.lines())
        return self.process.wait(timeout=60), found


@pytest.fixture
def start():
    running = []

    def begin(folder, *, code="", **environment):
        """`code` runs in the child before its main function: to slow it down or to break things."""
        events_read, events_write = os.pipe()
        alive_read, alive_write = os.pipe()
        arguments = [str(folder), "--events-fd", str(events_write), "--alive-fd", str(alive_read)]
        command = (
            ["-c", f"import sys\n{code}\nfrom workers.runtime.child import main\nsys.exit(main(sys.argv[1:]))"]
            if code
            else ["-m", "workers.runtime.child"]
        )
        process = subprocess.Popen(
            [sys.executable, *command, *arguments], pass_fds=(events_write, alive_read), cwd=folder, stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        )  # fmt: skip
        os.close(events_write)
        os.close(alive_read)
        running.append(Running(process, events_read, alive_write))
        return running[-1]

    yield begin
    for item in running:
        item.process.kill()
        item.process.communicate()
        for descriptor in (item.events, item.alive):
            if descriptor >= 0:
                os.close(descriptor)


# Holds the child at a tensor, after telling so, until it is cancelled or killed: the tests wait for states, not for time.
HELD = """
import workers.engine.execute as execute
own = execute._Execution._progress
def held(self, steps, message):
    own(self, steps, message)
    self.reporter.log("at " + message)
    if len(self.outcome.files) >= AFTER:
        self.cancel._asked.wait()
execute._Execution._progress = held
"""


@pytest.mark.journey
def test_a_merge_from_request_to_result(tmp_path, start):
    workspace_make(tmp_path / "w", request_for(models(tmp_path)))
    code, events = start(tmp_path / "w").end()
    assert code == 0
    result = result_read(tmp_path / "w")
    assert {file.path for file in result.files} >= {
        "config.json",
        "genepool.json",
        "README.md",
        "report.json",
        "recipe.yaml",
    }
    for file in result.files:
        assert hashlib.sha256((tmp_path / "w" / "out" / file.path).read_bytes()).hexdigest() == file.sha256
    kinds = [event.type for event in events]
    assert kinds.count("checkpoint") == 2
    assert "error" not in kinds
    last = [event for event in events if event.type == "progress"][-1]
    assert last.done == last.total


@pytest.mark.journey
def test_sigterm_cancels_at_the_next_tensor(tmp_path, start):
    workspace_make(tmp_path / "w", request_for(models(tmp_path)))
    child = start(tmp_path / "w", code=HELD.replace("AFTER", "0"))
    for event in child.lines():
        if event.type == "log" and event.message.startswith("at "):
            child.process.send_signal(signal.SIGTERM)
            break
    code, events = child.end()
    assert code == 6
    assert (events[-1].type, events[-1].code) == ("error", "cancelled")
    assert result_read(tmp_path / "w") is None


@pytest.mark.journey
def test_killed_half_way_it_resumes_to_the_same_bytes(tmp_path, start):
    request = request_for(models(tmp_path), shards=3)
    workspace_make(tmp_path / "undisturbed", request)
    assert start(tmp_path / "undisturbed").end()[0] == 0
    workspace_make(tmp_path / "w", request)
    child = start(tmp_path / "w", code=HELD.replace("AFTER", "1"))
    for event in child.lines():
        if event.type == "checkpoint":
            child.process.kill()
            break
    assert child.end()[0] == -signal.SIGKILL
    workspace_make(tmp_path / "w", request)
    code, _ = start(tmp_path / "w").end()
    assert code == 0
    resumed, undisturbed = result_read(tmp_path / "w"), result_read(tmp_path / "undisturbed")
    assert resumed.resumed_units >= 1
    assert resumed.tensor_digest == undisturbed.tensor_digest
    weights = [
        [file for file in result.files if file.path.endswith(".safetensors")] for result in (resumed, undisturbed)
    ]
    assert weights[0] == weights[1]


@pytest.mark.journey
def test_ends_when_its_parent_is_gone(tmp_path, start):
    workspace_make(tmp_path / "w", request_for(models(tmp_path)))
    child = start(tmp_path / "w", code=HELD.replace("AFTER", "0"))
    for event in child.lines():
        if event.type == "log" and event.message.startswith("at "):
            os.close(child.alive)
            child.alive = -1
            break
    assert child.process.wait(timeout=30) == 6
    assert result_read(tmp_path / "w") is None


@pytest.mark.journey
def test_a_full_disk_is_told_in_words(tmp_path, start):
    workspace_make(tmp_path / "w", request_for(models(tmp_path)))
    full = """
import errno
import workers.engine.io.writer as writer
def refuse(self, data):
    raise OSError(errno.ENOSPC, "No space left on device")
writer.ShardWriter.write = lambda self, name, tensor: refuse(self, tensor)
"""
    code, events = start(tmp_path / "w", code=full).end()
    assert code == 4
    assert events[-1].code == "resource"
    assert "disk is full" in events[-1].message
    assert result_read(tmp_path / "w") is None
    assert not list((tmp_path / "w" / "journal").iterdir())


@pytest.mark.journey
def test_a_mistake_in_the_inputs_comes_with_findings(tmp_path, start):
    folders = models(tmp_path)
    request = request_for(folders)
    model_folder(folders[1], mlp_state(sizes=(3, 3)), config={})
    changed = folders[1] / "model.safetensors"
    workspace_make(tmp_path / "w", request)
    assert changed.exists()
    code, events = start(tmp_path / "w").end()
    assert code == 3
    assert events[-1].code == "user_error"
    assert events[-1].findings[0]["code"] == "weights_unreadable"


@pytest.mark.journey
def test_a_fault_of_ours_comes_with_a_traceback_and_without_paths_in_the_message(tmp_path, start):
    workspace_make(tmp_path / "w", request_for(models(tmp_path), plan=None))
    code, events = start(tmp_path / "w").end()
    assert code == 1
    assert events[-1].code == "bug"
    assert "needs the plan" in events[-1].traceback
    assert str(tmp_path) not in events[-1].message


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_a_resource(number):
    assert isinstance(as_known(OSError(number, "x")), ResourceError)


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")]
)
def test_memory_that_ran_out_is_a_resource(error):
    assert isinstance(as_known(error), ResourceError)


@pytest.mark.parametrize(
    "error", [ValueError("x"), OSError(errno.EACCES, "x"), UserError("x"), Cancelled("x"), RuntimeError("shape")]
)
def test_anything_else_stays_what_it_is(error):
    assert as_known(error) is error
