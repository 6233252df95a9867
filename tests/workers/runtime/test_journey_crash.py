"""Real merges that are disturbed half-way: they end with the same bytes, or with one clear error and no repo."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection

from hub.catalog.models import Repo
from hub.catalog.selectors import commit_resolve, entries_of, repo_get
from hub.jobs.models import Job
from hub.jobs.services import job_cancel, leases_sweep
from hub.recipes.services import recipe_submit
from tests.workers.runtime.conftest import recipe
from workers.contracts.kinds import Limits
from workers.runtime import claim as claim_module
from workers.runtime.claim import Ledger
from workers.runtime.gpu import Device
from workers.runtime.processes import group_members
from workers.runtime.tasks import claim_all

pytestmark = pytest.mark.journey

SIZES = (768,) * 25  # 24 layers of 2.4 MB, each in a file of its own
SHARD = 2**20
PATIENCE_S = 60
CALM: dict = {}


@pytest.fixture
def worker(scratch):
    return Ledger(name="cpu@test/0", queues=["cpu"], device=Device(), memory_bytes=2**40)


class Background(threading.Thread):
    """A worker in a thread, with a database connection of its own."""

    def __init__(self, ledger):
        super().__init__(daemon=True)
        self._ledger = ledger
        self.start()

    def run(self):
        try:
            claim_all(self._ledger)
        finally:
            connection.close()

    def wait(self):
        self.join(PATIENCE_S)
        assert not self.is_alive()


def until(condition):
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up, "it did not come to that"
        time.sleep(0.005)


def submit(alice, name):
    return recipe_submit(
        user=alice, document=recipe(output={"repo": f"alice/{name}"}, max_shard_bytes=SHARD), force=True
    )[0]


def is_halfway(scratch, job):
    return lambda: len(list((scratch / str(job.pk) / "journal").glob("*.safetensors.json"))) >= 2


def child_pid(scratch, job):
    return int((scratch / str(job.pk) / "child").read_text().split()[0])


def halted(scratch, job):
    """The child's pid, with the child stopped half-way: it gets a few milliseconds at a time, so it cannot end while nobody looks."""
    until((scratch / str(job.pk) / "child").exists)
    pid, is_there = child_pid(scratch, job), is_halfway(scratch, job)
    give_up = time.monotonic() + PATIENCE_S
    while not is_there():
        assert time.monotonic() < give_up, "it did not come to that"
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.01)
        os.kill(pid, signal.SIGSTOP)
    return pid


def weights(alice, name):
    commit = commit_resolve(repo_get(user=alice, full_name=f"alice/{name}"), "main")
    return {entry.path: entry.sha256 for entry in entries_of(commit) if entry.path.endswith(".safetensors")}


@pytest.fixture
def undisturbed(family, worker):
    """Alice, and the weights of a merge that nobody disturbed. The family is drawn from seeds: one such merge serves all tests."""
    alice = family(SIZES)
    if not CALM:
        job = submit(alice, "undisturbed")
        claim_all(worker)
        job.refresh_from_db()
        assert job.state == "succeeded", (job.error, job.traceback)
        CALM.update(weights=weights(alice, "undisturbed"), digest=job.tensor_digest)
    assert len(CALM["weights"]) > 10
    return alice, CALM["weights"], CALM["digest"]


def assert_same(job, name, undisturbed):
    alice, found, digest = undisturbed
    job.refresh_from_db()
    assert job.state == "succeeded", (job.error, job.traceback)
    assert job.tensor_digest == digest
    assert weights(alice, name) == found


def test_child_killed_half_way_gives_the_same_bytes(undisturbed, worker, scratch):
    job = submit(undisturbed[0], "resumed")
    background = Background(worker)
    os.kill(halted(scratch, job), signal.SIGKILL)
    background.wait()
    assert_same(job, "resumed", undisturbed)
    assert job.attempt == 2
    assert job.log_lines.filter(attempt=2, message__startswith="Parts taken over").exists()


def test_worker_killed_half_way_gives_the_same_bytes(undisturbed, worker, scratch, child_environment, settings):
    job = submit(undisturbed[0], "taken-over")
    root = Path(__file__).resolve().parents[3]
    environment = child_environment | {
        "SCRATCH_DIR": str(scratch), "STORAGE_URL": settings.STORAGE_URL, "PYTHONPATH": str(root), "SECRET_KEY": settings.SECRET_KEY,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.workers.runtime.worker_process"], env=environment, cwd=root
    )
    try:
        group = halted(scratch, job)
    finally:
        process.kill()
        process.wait()
    os.kill(group, signal.SIGCONT)
    until(lambda: not group_members(group))
    job.refresh_from_db()
    assert job.state == "running"
    assert leases_sweep() == 1
    claim_all(worker)
    assert_same(job, "taken-over", undisturbed)
    assert job.attempt == 2


def test_database_connections_cut_under_a_running_job_give_the_same_bytes(undisturbed, worker, scratch):
    job = submit(undisturbed[0], "reconnected")
    background = Background(worker)
    pid = halted(scratch, job)
    for _ in range(5):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        time.sleep(0.1)
        os.kill(pid, signal.SIGCONT)
    background.wait()
    assert_same(job, "reconnected", undisturbed)
    assert job.attempt == 1


def test_cancelled_half_way_leaves_no_process_and_no_repo(family, worker, scratch):
    alice = family(SIZES)
    job = submit(alice, "cancelled")
    background = Background(worker)
    until(is_halfway(scratch, job))
    group = child_pid(scratch, job)
    job_cancel(user=alice, job=job)
    background.wait()
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert group_members(group) == []
    assert not Repo.objects.filter(full_name="alice/cancelled").exists()


def test_more_than_the_disk_may_hold_is_one_clear_error_and_no_repo(family, worker, monkeypatch):
    alice = family()
    real = claim_module.kind_get
    monkeypatch.setattr(
        claim_module, "kind_get", lambda name: dataclasses.replace(real(name), limits=Limits(output_bytes=1000))
    )
    job = submit(alice, "too-large")
    claim_all(worker)
    job.refresh_from_db()
    assert job.state == "errored"
    assert job.error["message"].endswith("1000 are allowed for this kind of job.")
    assert not Repo.objects.filter(full_name="alice/too-large").exists()
    assert Job.objects.count() == 1
