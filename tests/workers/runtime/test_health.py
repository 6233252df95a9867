"""The probe: a bell within two minutes, or a running job with a fresh beat."""

import json
import subprocess
import sys

from workers.runtime import health

NOW = 10_000.0


def at(seconds):
    return lambda: NOW - seconds


def test_no_file_is_not_healthy(tmp_path):
    assert not health.is_healthy(tmp_path / "none", NOW)


def test_a_fresh_bell_is_enough(tmp_path):
    health.note(tmp_path, is_bell=True, clock=at(119))
    assert health.is_healthy(tmp_path, NOW)


def test_silence_is_not_healthy_although_the_process_lives(tmp_path):
    health.note(tmp_path, is_bell=True, clock=at(121))
    health.note(tmp_path, clock=at(1))
    assert not health.is_healthy(tmp_path, NOW)


def test_a_running_job_needs_a_fresh_beat(tmp_path):
    health.note(tmp_path, is_bell=True, clock=at(5000))
    health.note(tmp_path, job="j", clock=at(59))
    assert health.is_healthy(tmp_path, NOW)
    health.note(tmp_path, job="j", clock=at(61))
    assert not health.is_healthy(tmp_path, NOW)


def test_files_of_processes_that_are_gone_are_cleared(tmp_path):
    health.note(tmp_path)
    (mine,) = tmp_path.iterdir()
    dead = mine.with_name(mine.name.rpartition("-")[0] + f"-{2**22 - 5}.json")
    dead.write_text(json.dumps({"bell_at": NOW, "beat_at": NOW, "job": ""}))
    mine.unlink()
    health.note(tmp_path)
    assert not dead.exists()


def test_probe_runs_without_django(tmp_path):
    code = "import sys, workers.runtime.health as h; print(sorted(m for m in sys.modules if m.split('.')[0] in ('django','celery','torch','hub')))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    environment = {"SCRATCH_DIR": str(tmp_path), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-m", "workers.runtime.health"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "no bell" in done.stderr
