"""The process that trains: heard while it works, believed when it ends well, quoted when it does not."""

import subprocess
import sys

import pytest

from hub.demo import training

SCRIPT = """#!{python}
import json, pathlib, sys
cache = pathlib.Path(sys.argv[3])
for done in (1, 2):
    print(json.dumps({{"done": done, "total": 2, "message": "digits"}}), flush=True)
if {fails}:
    sys.exit("No room left on the disk.")
(cache / "zoo.json").write_text(json.dumps({{"schema": 1}}))
"""


@pytest.fixture
def maker(tmp_path, monkeypatch):
    def use(*, fails: bool):
        script = tmp_path / "python"
        script.write_text(SCRIPT.format(python=sys.executable, fails=fails))
        script.chmod(0o755)
        monkeypatch.setattr(training.sys, "executable", str(script))

    return use


def test_hears_progress_and_reads_the_description(maker, tmp_path):
    maker(fails=False)
    heard = []
    document = training.zoo_train(tmp_path / "cache", lambda *note: heard.append(note))
    assert document == {"schema": 1}
    assert heard == [(1, 2, "digits"), (2, 2, "digits")]


def test_failure_quotes_the_last_words(maker, tmp_path):
    maker(fails=True)
    with pytest.raises(training.TrainingFailed, match="No room left on the disk"):
        training.zoo_train(tmp_path / "cache", lambda *note: None)


def test_maker_ends_when_whoever_asked_is_gone(tmp_path):
    """Its standard input closes when the asker ends, also when that one is killed."""
    command = [sys.executable, "-m", "workers.demo.make", str(tmp_path / "cache"), "--watch-input"]
    with subprocess.Popen(
        command, cwd=training.CODE, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        process.stdin.close()
        assert process.wait(timeout=100) == 1
    assert not (tmp_path / "cache" / "zoo.json").exists()
