"""The supervisor over a scripted child: every way an attempt can end, with a ledger that fails on demand."""

import errno
import json
import uuid

import pytest

from tests.workers.runtime.fakes import FakeLedger, claim_of
from workers.contracts.errors import Cancelled, ResourceError, UserError
from workers.contracts.findings import Finding
from workers.runtime import attempt, heart, spawn, supervise
from workers.runtime.ledger import LeaseGone
from workers.runtime.processes import group_members
from workers.runtime.spawn import Child


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(spawn, "CHILD", "tests.workers.runtime.scripted_child")
    monkeypatch.setattr(heart, "WATCH_S", 0.05)
    monkeypatch.setattr(attempt, "METER_S", 0.05)
    monkeypatch.setattr(supervise, "RETRY_S", 0.05)


@pytest.fixture
def run(tmp_path):
    """`run(claim, ledger)`: one attempt; gives its end."""

    def go(claim, ledger, *, is_stopping=lambda: False, lease_s=60.0, grace_s=0.3):
        options = supervise.Options(tmp_path, f"file://{tmp_path}/blobs", 0.2, lease_s, grace_s, 1)
        return supervise.supervise(claim, ledger, options, is_stopping)

    return go


@pytest.fixture
def spawned(monkeypatch):
    """The children that were started."""
    children: list[Child] = []
    real = Child.__init__

    def note(self, *arguments):
        real(self, *arguments)
        children.append(self)

    monkeypatch.setattr(Child, "__init__", note)
    return children


def started(ledger):
    return "started" in ledger.messages()


def test_publishes_what_the_child_left_and_clears_up(run, tmp_path):
    ledger, claim = FakeLedger(), claim_of("finish")
    assert run(claim, ledger) == "succeeded"
    (result, files, cost) = ledger.published[0]
    assert files == ["README.md"]
    assert [file.path for file in result.files] == ["README.md"]
    assert cost["wall_s"] > 0
    assert cost["cpu_s"] > 0
    assert cost["write_bytes"] > 0
    assert not (tmp_path / str(claim.job_id)).exists()
    assert ledger.closed == 1


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("user_error", "user_error"),
        ("resource", "resource"),
        ("transient", "transient"),
        ("bug", "bug"),
        ("no_result", "bug"),
    ],
)
def test_exit_says_whose_fault_it_was(run, script, code):
    ledger = FakeLedger()
    assert run(claim_of(script), ledger) == code
    assert ledger.published == []
    ending, _ = ledger.failed[0]
    assert ending.code == code
    if script == "bug":
        assert "ZeroDivisionError" in ending.traceback
        assert "ZeroDivisionError" not in ending.message


def test_killed_child_keeps_its_journal_for_the_next_attempt(run):
    job_id, ledger = uuid.uuid4(), FakeLedger()
    assert run(claim_of("killed", job_id=job_id), ledger) == "killed"
    assert "SIGKILL" in ledger.failed[0][0].message
    assert run(claim_of("finish", job_id=job_id, attempt=2), ledger) == "succeeded"
    assert ledger.published[0][0].metrics == {"kept": 1}


def test_cancel_ends_the_whole_process_group(run, spawned):
    ledger = FakeLedger(cancel_when=started)
    assert run(claim_of("refuse_to_die"), ledger) == "cancelled"
    assert ledger.failed[0][0].code == "cancelled"
    assert group_members(spawned[0].pid) == []


def test_child_that_listens_is_not_killed(run):
    ledger = FakeLedger(cancel_when=started)
    assert run(claim_of("stop_at_boundary"), ledger, grace_s=30) == "cancelled"


def test_worker_that_stops_gives_the_job_back(run):
    ledger = FakeLedger()
    assert run(claim_of("stop_at_boundary"), ledger, is_stopping=lambda: started(ledger), grace_s=30) == "released"
    assert len(ledger.released) == 1
    assert ledger.failed == []


def test_lost_lease_kills_and_writes_nothing(run, spawned):
    ledger = FakeLedger(lose_when=started)
    assert run(claim_of("refuse_to_die"), ledger, grace_s=30) == "lost"
    assert (ledger.failed, ledger.published, ledger.released) == ([], [], [])
    assert group_members(spawned[0].pid) == []


def test_lease_that_cannot_be_renewed_in_time_kills(run, spawned):
    ledger = FakeLedger(away=10**9)
    assert run(claim_of("refuse_to_die"), ledger, lease_s=1.0, grace_s=30) == "lost"
    assert group_members(spawned[0].pid) == []


def test_database_that_comes_back_in_time_is_survived(run):
    ledger = FakeLedger(away=12)
    assert run(claim_of("talk"), ledger) == "succeeded"
    assert len(ledger.published) == 1
    assert any(event.type == "progress" for event in ledger.events)


@pytest.mark.parametrize(
    ("script", "limits", "code", "words"),
    [
        ("hang", {"wall_s": 1}, "limit", "longer than the 1 s"),
        ("hang", {"hang_s": 1}, "hung", "Nothing was heard"),
        ("eat_memory", {"memory_bytes": 200 * 2**20}, "resource", "bytes of memory"),
        ("write_much", {"output_bytes": 2**20}, "limit", "It wrote 2097152 bytes"),
    ],
)
def test_limits_end_the_child_with_one_clear_error(run, spawned, script, limits, code, words):
    ledger = FakeLedger()
    assert run(claim_of(script, **limits), ledger) == code
    assert words in ledger.failed[0][0].message
    assert ledger.published == []
    assert group_members(spawned[0].pid) == []


def test_log_is_cut_at_its_limit_and_says_so(run):
    ledger = FakeLedger()
    assert run(claim_of("talk", log_bytes=10_000), ledger) == "succeeded"
    messages = ledger.messages()
    assert messages[-1] == "The log is full. What follows is not kept."
    assert len(messages) == 10


def test_unreadable_line_does_not_end_the_job(run):
    ledger = FakeLedger()
    assert run(claim_of("talk"), ledger) == "succeeded"
    assert "A line of the job's reports could not be read." in ledger.messages()


def test_child_sees_no_secret_and_no_network(run, monkeypatch):
    for name in ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "HTTPS_PROXY", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "secret")
    ledger = FakeLedger()
    run(claim_of("environment"), ledger)
    seen = json.loads(ledger.messages()[0])
    assert "secret" not in seen.values()
    assert (seen["HF_HUB_OFFLINE"], seen["OMP_NUM_THREADS"]) == ("1", "1")
    assert seen["HOME"].startswith(seen["_cwd"])


FINDING = Finding(code="input_not_visible", severity="error", message="Gone.", stage="run")


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (UserError("Gone.", (FINDING,)), "user_error"),
        (ResourceError("Full."), "resource"),
        (OSError(errno.ENOSPC, "No space left on device"), "resource"),
        (Cancelled("Asked."), "cancelled"),
        (RuntimeError("broken"), "bug"),
        (LeaseGone(), "lost"),
    ],
)
def test_publishing_that_fails_ends_the_attempt_with_a_word(run, error, end):
    ledger = FakeLedger(publish_error=error)
    assert run(claim_of("finish"), ledger) == end
    assert [ending.code for ending, _ in ledger.failed] == ([] if end == "lost" else [end])
    if end == "user_error":
        assert ledger.failed[0][0].findings == (FINDING,)


def test_disk_that_is_full_before_the_child_starts_is_one_clear_error(run, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "/secret/path")

    monkeypatch.setattr(supervise, "workspace_make", full)
    ledger = FakeLedger()
    assert run(claim_of("finish"), ledger) == "resource"
    assert ledger.failed[0][0].message == "The disk is full. The job needs more room for its files."


def test_leftover_of_an_earlier_attempt_is_ended_first(run, tmp_path, monkeypatch):
    job_id = uuid.uuid4()
    folder = tmp_path / str(job_id) / "1"
    supervise.folder_prepare(
        claim_of("refuse_to_die", job_id=job_id),
        supervise.Options(tmp_path, f"file://{tmp_path}/blobs", 1, 9, 1, 1),
        folder.parent,
    )
    orphan = Child(folder, 1)
    spawn.leftover_note(folder.parent / supervise.LEFTOVER, orphan)
    try:
        assert run(claim_of("finish", job_id=job_id, attempt=2), FakeLedger()) == "succeeded"
        assert orphan.poll() == -9
    finally:
        orphan.end()
        orphan.close()
