"""What a worker is told when it claims an import, and what becomes of one that may not run any more."""

import json

import pytest

from hub.imports.services import import_start
from hub.jobs.models import Job
from workers.runtime.claim import Ledger
from workers.runtime.gpu import Device
from workers.runtime.spawn import Child

pytestmark = pytest.mark.django_db


def ledger() -> Ledger:
    return Ledger(name="test/0", queues=["io"], device=Device(), memory_bytes=2**40)


def test_the_worker_gets_the_token_and_shows_it_nowhere(alice, source):
    import_start(user=alice, source="hf:ada/tiny", token="hf_secret")
    claim = ledger().claim()
    assert claim is not None
    assert json.loads(claim.briefing)["token"] == "hf_secret"
    assert json.loads(claim.briefing)["private_hosts"] == ["127.0.0.1"]
    assert "hf_secret" not in repr(claim)
    assert "hf_secret" not in claim.request.model_dump_json()


def test_an_import_that_may_not_run_any_more_fails_with_the_reason(alice, source, settings):
    origin = import_start(user=alice, source="hf:ada/tiny")
    settings.IMPORT_HOSTS = ["https://hub.example"]
    assert ledger().claim() is None
    job = Job.objects.get(pk=origin.job_id)
    assert (job.state, job.error["code"]) == ("failed", "user_error")
    assert "may be imported from" in job.error["message"]


def test_a_child_reads_its_briefing_from_standard_input_and_nowhere_else(tmp_path, monkeypatch):
    """The process is a shell that copies its input: what the supervisor wrote arrives whole, also beyond the size of a pipe."""
    import workers.runtime.spawn as spawn

    briefing = b"x" * 300_000
    script = "import sys, pathlib; pathlib.Path('told').write_bytes(sys.stdin.buffer.read())"
    real = spawn.subprocess.Popen

    def copying(command, **options):
        return real([command[0], "-c", script], **options)

    monkeypatch.setattr(spawn.subprocess, "Popen", copying)
    child = Child(tmp_path, 1, briefing)
    try:
        while child.poll() is None:
            continue
        assert (tmp_path / "told").read_bytes() == briefing
    finally:
        child.end()
        child.close()
