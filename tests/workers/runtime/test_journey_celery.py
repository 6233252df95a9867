"""A real Celery worker: a bell starts a job, a stop gives it back."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.jobs import bell
from hub.jobs.models import Worker
from hub.recipes.services import recipe_submit
from tests.workers.runtime.conftest import recipe
from workers.runtime.claim import Ledger
from workers.runtime.gpu import Device
from workers.runtime.health import is_healthy
from workers.runtime.tasks import claim_all

pytestmark = pytest.mark.journey
ROOT = Path(__file__).resolve().parents[3]
SEND = bell._send
PATIENCE_S = 60


def until(condition):
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up, "it did not come to that"
        time.sleep(0.02)


@pytest.fixture
def celery(scratch, child_environment, settings, quiet_bells, monkeypatch, transactional_db):
    """A worker of the queue cpu, listening."""
    monkeypatch.setattr(bell, "_send", SEND)
    environment = child_environment | {
        "SCRATCH_DIR": str(scratch), "STORAGE_URL": settings.STORAGE_URL, "PYTHONPATH": str(ROOT),
        "SECRET_KEY": settings.SECRET_KEY, "CANCEL_GRACE_S": "20",
        "WORKER_READY_FILE": str(scratch.parent / "ready"),
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "celery",
        "--app",
        "hub.config.celery",
        "worker",
        "--pool",
        "prefork",
        "--concurrency",
        "1",
    ]
    command += ["--queues", "cpu", "--without-gossip", "--without-mingle", "--loglevel", "info"]
    log = scratch.parent / "celery.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=out, stderr=out, start_new_session=True)
    try:
        until(lambda: (scratch.parent / "ready").exists() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def state_of(job):
    job.refresh_from_db()
    return job.state


def test_bell_starts_a_job_and_the_idle_worker_stops_when_asked(celery, family, scratch):
    job, _ = recipe_submit(user=family(), document=recipe())
    until(lambda: state_of(job) == "succeeded")
    worker = Worker.objects.get()
    assert worker.queues == ["cpu"]
    assert worker.last_bell_at is not None
    assert is_healthy(scratch / "health", time.time())
    celery.terminate()
    celery.wait(timeout=PATIENCE_S)


def test_stopped_worker_gives_its_job_back_and_another_goes_on(celery, family, scratch):
    job, _ = recipe_submit(user=family((768,) * 40), document=recipe(max_shard_bytes=2**20))
    until(lambda: len(list((scratch / str(job.pk) / "journal").glob("*.safetensors.json"))) >= 2)
    celery.terminate()
    celery.wait(timeout=PATIENCE_S)
    assert (state_of(job), job.attempt, job.max_attempts) == ("queued", 1, 4)
    claim_all(Ledger(name="cpu@test/0", queues=["cpu"], device=Device(), memory_bytes=2**40))
    assert state_of(job) == "succeeded"
    assert job.log_lines.filter(message__startswith="Parts taken over").exists()
