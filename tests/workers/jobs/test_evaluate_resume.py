"""A large unit that is cut off goes on behind what it had answered, and ends with the same bytes."""

import os
import signal

import numpy as np
import pytest

from tests.workers.jobs.digits import entry
from tests.workers.jobs.ports import fake_ports
from workers.contracts.errors import Cancelled, ResourceError
from workers.contracts.jobs import JobRequest
from workers.engine.predict.transformer import TransformerPredictor
from workers.jobs import evaluate


@pytest.fixture
def one(clean, trained):
    """(request, folders) of one model on 96 pictures, four at a time."""
    inputs = (entry("model", 0, "alice/base", trained), entry("data", 0, "demo/clean", clean))
    recipe = {"kind": "evaluate", "models": ["alice/base"], "data": [{"data": "demo/clean"}], "batch_size": 4}
    return JobRequest(kind="evaluate", recipe=recipe, inputs=inputs), {("model", 0): trained, ("data", 0): clean}


@pytest.fixture
def answered(monkeypatch):
    """How many examples each call of a classifier got."""
    seen = []
    plain = TransformerPredictor.classify

    def classify(self, batch):
        seen.append(len(batch["image"]))
        return plain(self, batch)

    monkeypatch.setattr(TransformerPredictor, "classify", classify)
    return seen


def run(root, request, folders, **options):
    ports = fake_ports(root, request, folders, **options)
    return evaluate.run(ports), ports


def predictions(root):
    return (root / "out" / "predictions" / "0-0.parquet").read_bytes()


def test_goes_on_behind_the_last_part(one, answered, tmp_path):
    run(tmp_path / "whole", *one)
    calls = len([size for size in answered if size == 4])
    assert calls == 24
    answered.clear()
    with pytest.raises(Cancelled):
        run(tmp_path / "cut", *one, cancel_at=11)
    answered.clear()
    run(tmp_path / "cut", *one)
    assert len([size for size in answered if size == 4]) == 24 - 4, "the first part has four batches"
    assert predictions(tmp_path / "cut") == predictions(tmp_path / "whole")


def test_killed_twice_in_the_middle_ends_with_the_same_bytes(one, tmp_path):
    """Real SIGKILLs, in a process of their own."""
    run(tmp_path / "whole", *one)
    for call in (9, 14):
        child = os.fork()
        if child == 0:
            kill_at(call, tmp_path / "killed", *one)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status)
        assert os.WTERMSIG(status) == signal.SIGKILL
    result, ports = run(tmp_path / "killed", *one)
    assert ports.cancel.calls < 24 + 40
    assert predictions(tmp_path / "killed") == predictions(tmp_path / "whole")
    assert result.report["results"][0]["examples"] == 96


def kill_at(call, root, request, folders):
    """Never returns: a forked test runner must not go on as a second one."""
    try:
        ports = fake_ports(root, request, folders)
        calls = iter(range(1, 10**6))
        ports.cancel.raise_if_requested = lambda: os.kill(os.getpid(), signal.SIGKILL) if next(calls) == call else None
        evaluate.run(ports)
    finally:
        os._exit(1)


def test_torn_parts_are_answered_again(one, tmp_path):
    run(tmp_path / "whole", *one)
    with pytest.raises(Cancelled):
        run(tmp_path / "cut", *one, cancel_at=11)
    (tmp_path / "cut" / "journal" / "0-0" / "000000000016.part").write_bytes(b"torn")
    (tmp_path / "cut" / "journal" / "0-0" / "000000000016.parquet").write_bytes(b"without a note")
    run(tmp_path / "cut", *one)
    assert predictions(tmp_path / "cut") == predictions(tmp_path / "whole")


def test_parts_of_other_settings_do_not_count(one, answered, tmp_path):
    request, folders = one
    with pytest.raises(Cancelled):
        run(tmp_path, request, folders, cancel_at=11)
    answered.clear()
    run(tmp_path, request.model_copy(update={"recipe": request.recipe | {"batch_size": 8}}), folders)
    assert answered.count(8) == 12


def test_batches_are_halved_until_they_fit(one, answered, tmp_path, monkeypatch):
    plain = TransformerPredictor.classify

    def classify(self, batch):
        if len(batch["image"]) > 10:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return plain(self, batch)

    monkeypatch.setattr(TransformerPredictor, "classify", classify)
    request, folders = one
    request = request.model_copy(update={"recipe": {**request.recipe, "batch_size": 32}})
    result, ports = run(tmp_path, request, folders)
    assert result.report["results"][0]["batch_size"] == 8
    assert [event[1] for event in ports.reporter.of("log") if event[2] == "warning"] == [
        "Memory ran out: going on with batches of 16.", "Memory ran out: going on with batches of 8.",
    ]  # fmt: skip
    assert result.report["results"][0]["examples"] == 96


def test_memory_that_does_not_hold_one_example_ends_the_job(one, tmp_path, monkeypatch):
    def classify(self, batch):
        raise MemoryError

    monkeypatch.setattr(TransformerPredictor, "classify", classify)
    with pytest.raises(ResourceError, match="one example at a time"):
        run(tmp_path, *one)


def test_repeats_are_measured_again_and_agree(one, tmp_path):
    request, folders = one
    result, _ = run(tmp_path, request.model_copy(update={"recipe": request.recipe | {"repeats": 3}}), folders)
    rows = result.report["results"]
    assert [row["repeat"] for row in rows] == [0, 1, 2]
    assert len({row["predictions"] for row in rows}) == 3
    assert np.ptp([row["metrics"]["nll"]["value"] for row in rows]) == 0
