import pytest

from hub.cli.client import HubError
from hub.cli.watch import OUTAGE_S, Watcher


def _job(state, **more):
    return {
        "number": 14, "state": state, "page": "http://hub/jobs/14", "progress": {}, "queue": {}, "result": None, "error": None,
        "metrics": {}, **more,
    }  # fmt: skip


class ScriptedHub:
    """Gives its jobs one after the other; an exception among them is raised instead."""

    def __init__(self, *jobs, events=(), log=()):
        self.jobs, self.events, self.log = list(jobs), list(events), list(log)

    def get(self, path, after=None):
        if path.endswith("/events"):
            return self._after(self.events, after)
        if path.endswith("/log"):
            return self._after(self.log, after)
        job = self.jobs.pop(0) if len(self.jobs) > 1 else self.jobs[0]
        if isinstance(job, BaseException):
            raise job
        return job

    def _after(self, rows, after):
        rows = [row for row in rows if row["id"] > after]
        return {"results": rows, "after": rows[-1]["id"] if rows else after}


def _watch(hub):
    pauses = []
    return Watcher(hub, "14", sleep=pauses.append).run(), pauses


def test_a_success_prints_the_result(capsys):
    result = {"repo": "alice/merged", "commit": "0123456789"}
    events = [{"id": 1, "type": "state", "data": {"state": "running"}, "attempt": 1}]
    log = [{"id": 1, "level": "info", "message": "merging"}, {"id": 2, "level": "warning", "message": "slow disk"}]
    code, _ = _watch(ScriptedHub(_job("running"), _job("succeeded", result=result), events=events, log=log))
    output = capsys.readouterr()
    assert code == 0
    assert output.out == "alice/merged@0123456\n"
    assert output.err.splitlines() == ["running", "  merging", "  warning: slow disk"]


def test_an_evaluation_of_several_says_how_they_are_compared(capsys):
    job = _job("succeeded", kind="evaluate", recipe={"models": ["alice/a", "alice/b"]})
    assert _watch(ScriptedHub(job))[0] == 0
    assert capsys.readouterr().err.endswith("genepool compare alice/a alice/b\n")
    assert _watch(ScriptedHub(job | {"recipe": {"models": ["alice/a"]}}))[0] == 0
    assert "compare" not in capsys.readouterr().err


@pytest.mark.parametrize("state", ["failed", "errored", "cancelled"])
def test_any_other_end_is_exit_code_one_with_the_reason(capsys, state):
    finding = {
        "severity": "error",
        "message": "The width is 96, the base has 64.",
        "where": "sources[0]",
        "code": "shape",
    }
    code, _ = _watch(ScriptedHub(_job(state, error={"message": "The shapes differ.", "findings": [finding]})))
    assert code == 1
    assert "The shapes differ." in (words := capsys.readouterr().err)
    assert "The width is 96" in words


def test_control_c_leaves_the_job_running_and_says_so(capsys):
    code, _ = _watch(ScriptedHub(_job("running"), KeyboardInterrupt()))
    assert code == 130
    assert "The job goes on" in capsys.readouterr().err


def test_a_hub_that_restarts_is_waited_for():
    outage = HubError("gone", is_outage=True)
    code, pauses = _watch(ScriptedHub(_job("running"), outage, outage, _job("succeeded")))
    assert code == 0
    assert len(pauses) == 3


def test_a_hub_that_stays_away_is_given_up():
    with pytest.raises(HubError, match="gone"):
        _watch(ScriptedHub(_job("running"), HubError("gone", is_outage=True)))


def test_an_error_that_is_no_outage_ends_it_at_once():
    pauses = []
    with pytest.raises(HubError, match="no such"):
        Watcher(ScriptedHub(HubError("no such")), "14", sleep=pauses.append).run()
    assert pauses == []
    assert OUTAGE_S > 0


@pytest.mark.parametrize(
    ("is_equal", "code", "words"), [(True, 0, "the same weights as job 3"), (False, 1, "other weights than job 3")]
)
def test_a_reproduction_says_whether_the_weights_agree(capsys, is_equal, code, words):
    metrics = {"reproduction": {"of": 3, "digest": "abc", "expected_digest": "abc", "is_equal": is_equal}}
    found, _ = _watch(ScriptedHub(_job("succeeded", metrics=metrics)))
    assert found == code
    assert words in capsys.readouterr().out
