"""A run that was killed, anywhere: what it left is taken up again, and the result is the same to the last bit."""

import os
import random
import shutil
import signal

import pytest

from tests.builders import vit_family
from tests.workers.engine.plans import plan_of
from tests.workers.jobs.ports import FakeCancel, FakeReporter
from workers.engine import execute as executor
from workers.engine.execute import execute
from workers.engine.io import journal, writer

POINTS = 20
SHARDS = 4


@pytest.fixture(scope="module")
def family(tmp_path_factory):
    return list(vit_family(tmp_path_factory.mktemp("models")))


def run(plan, folders, root, *, threads=2, **ports):
    ports = {"reporter": FakeReporter(), "cancel": FakeCancel()} | ports
    return execute(plan, folders, root / "out", root / "journal", threads=threads, **ports)


@pytest.fixture(scope="module")
def plan(family):
    """TIES over the whole model notes thresholds in the journal before it makes the first tensor."""
    return plan_of(family, "ties", shards=SHARDS, scope="global")


class Points:
    """Every place where the run writes, renames or notes something, counted; at the chosen ones what lies on the disk is kept.

    That is what SIGKILL leaves behind: no clean-up of the run's own comes after it.
    """

    def __init__(self, monkeypatch, root, chosen=()):
        self.count, self.root, self.chosen, self.left = 0, root, set(chosen), []
        put = writer.ShardWriter._put

        def torn(shard, data):
            view = memoryview(data)
            for part in (view[: len(view) // 2], view[len(view) // 2 :]):
                put(shard, part)
                self.passed()

        monkeypatch.setattr(writer.ShardWriter, "_put", torn)
        for owner, name in (
            (writer, "sync_folder"), (journal, "sync_folder"), (journal.Journal, "_write"), (executor, "_place"),
            (executor.os, "link"),
        ):  # fmt: skip
            monkeypatch.setattr(owner, name, self.around(getattr(owner, name)))

    def around(self, function):
        def both_sides(*given, **named):
            self.passed()
            done = function(*given, **named)
            self.passed()
            return done

        return both_sides

    def passed(self):
        self.count += 1
        if self.count in self.chosen:
            self.left.append(self.root.with_name(f"killed-{self.count}"))
            shutil.copytree(self.root, self.left[-1])


def test_killed_at_any_of_twenty_points_a_run_goes_on_to_the_same_bytes(plan, family, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        points = Points(patched, tmp_path / "counted")
        undisturbed = run(plan, family, tmp_path / "counted")
    chosen = sorted(random.Random(20).sample(range(1, points.count + 1), POINTS))
    with monkeypatch.context() as patched:
        killed = Points(patched, tmp_path / "run", chosen)
        run(plan, family, tmp_path / "run")
    assert (killed.count, len(killed.left)) == (points.count, POINTS)
    taken_over = set()
    for place in killed.left:
        resumed = run(plan, family, place)
        assert [file.sha256 for file in resumed.files] == [file.sha256 for file in undisturbed.files], place.name
        assert (resumed.digest, resumed.tensors) == (undisturbed.digest, undisturbed.tensors), place.name
        assert not list(place.rglob("*.part")), place.name
        taken_over.add(resumed.resumed_units)
    assert min(taken_over) == 0
    assert max(taken_over) >= SHARDS - 1


@pytest.mark.parametrize("tensors", random.Random(5).sample(range(1, 40), 2))
def test_a_process_killed_while_it_merges_leaves_what_another_goes_on_with(tensors, plan, family, tmp_path):
    undisturbed = run(plan, family, tmp_path / "undisturbed")

    class Killing(FakeReporter):
        def progress(self, *given, **named):
            super().progress(*given, **named)
            if len(self.of("progress")) == tensors:
                os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        try:
            run(plan, family, tmp_path, threads=1, reporter=Killing())
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    resumed = run(plan, family, tmp_path)
    assert resumed.files == undisturbed.files
    assert resumed.digest == undisturbed.digest
