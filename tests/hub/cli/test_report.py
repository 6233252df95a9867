import io

import pytest

from hub.accounts.services import SCOPES
from hub.cli import token
from hub.cli.jobs import STATES
from hub.cli.report import ENDED, findings_print, job_line
from hub.jobs.states import FINAL, State, public_state
from tests.hub.cli.test_watch import ScriptedHub, _job, _watch


def test_findings_of_a_later_release_are_still_shown() -> None:
    out = io.StringIO()
    findings_print(
        [
            {"code": "shape", "severity": "error", "message": "It is 8.", "where": "base", "line": 3, "links": ["new"]},
            {"code": "taste", "severity": "advice", "message": "Try another."},
        ],
        out,
    )
    assert out.getvalue() == "error: It is 8.\n  base (line 3) · shape\nerror: Try another.\n  taste\n"


def test_words_of_strangers_do_not_act_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    log = [{"id": 1, "level": "info", "message": "loading \033[2J\033]0;owned\007"}]
    _watch(ScriptedHub(_job("failed", error={"message": "\033[8mhidden", "findings": []}), log=log))
    line = job_line({"number": 1, "state": "queued", "kind": "merge", "title": "\033[31mred"})
    assert "\033" not in capsys.readouterr().err + line


def test_knows_the_states_of_the_ledger() -> None:
    assert set(STATES) == {public_state(state) for state in State}
    assert set(ENDED) == set(FINAL)


def test_knows_the_scopes_of_tokens() -> None:
    assert token.SCOPES == SCOPES
