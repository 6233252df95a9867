"""A training in its real child process, killed -9 twice within epochs, ends as one that nobody disturbed."""

import os
import select
import signal
import time

import pytest

from tests.workers.jobs.digits import ARCHITECTURE, dataset, entry
from tests.workers.jobs.ports import fake_ports
from workers.contracts.jobs import JOURNAL, JobRequest
from workers.jobs import train
from workers.runtime.progress import EventReader
from workers.runtime.spawn import Child
from workers.runtime.workspace import result_read, workspace_make

pytestmark = pytest.mark.journey
PATIENCE_S = 100.0
STEPS_PER_EPOCH, EPOCHS = 20, 3


def request(data):
    recipe = {
        "kind": "train", "architecture": ARCHITECTURE, "data": [{"data": "demo/clean", "split": "train"}], "epochs": EPOCHS,
        "batch_size": 5, "learning_rate": 0.003, "seed": 5, "checkpoint_s": 0.0, "output": {"repo": "alice/trained"},
    }  # fmt: skip
    return JobRequest(kind="train", recipe=recipe, inputs=(entry("data", 0, "demo/clean", data),))


def attempt(folder, journal, asked, data, kill_at):
    """One child, from its start to its end. Gives its exit code, and the last step that it told was journalled."""
    folder.mkdir()
    (folder / JOURNAL).symlink_to(journal)
    workspace_make(folder, asked, {file.sha256: data / file.path for file in asked.inputs[0].files})
    child, reader, reached = Child(folder, threads=1), EventReader(10**6), 0
    give_up = time.monotonic() + PATIENCE_S
    try:
        while (code := child.poll()) is None:
            assert time.monotonic() < give_up, "it did not come to an end"
            for descriptor in select.select([child.events, child.output], [], [], 0.1)[0]:
                read = os.read(descriptor, 65536)
                reader.feed(read if descriptor == child.events else b"")
            for event in reader.pending:
                reached = int(event.unit.removeprefix("step ")) if event.type == "checkpoint" else reached
            reader.pending.clear()
            if kill_at is not None and reached >= kill_at:
                child.signal(signal.SIGKILL)
    finally:
        child.end()
        child.close()
    return code, reached


def test_killed_twice_it_ends_with_the_same_weights_and_curve(tmp_path):
    data = dataset(tmp_path / "clean")
    calm = train.run(fake_ports(tmp_path / "calm", request(data), {("data", 0): data}))
    journal = tmp_path / "journal"
    journal.mkdir()
    reached = 0
    for number, kill_at in enumerate((7, 31)):
        code, reached = attempt(tmp_path / f"killed-{number}", journal, request(data), data, kill_at)
        assert code == -signal.SIGKILL
        assert kill_at <= reached < STEPS_PER_EPOCH * EPOCHS
    assert attempt(tmp_path / "last", journal, request(data), data, None)[0] == 0
    result = result_read(tmp_path / "last")
    assert result is not None
    # What was journalled in the moment of the kill may have had no time to be told.
    assert reached <= result.resumed_units < STEPS_PER_EPOCH * EPOCHS
    assert result.tensor_digest == calm.tensor_digest
    assert result.report["losses"] == calm.report["losses"]
    assert result.report["curve"] == calm.report["curve"]
    weights = (tmp_path / "last" / "out" / "model.safetensors").read_bytes()
    assert weights == (tmp_path / "calm" / "out" / "model.safetensors").read_bytes()
