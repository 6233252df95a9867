"""Postgres killed -9 in the middle of a merge: the job goes on, with the same bytes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.journey
ROOT = Path(__file__).resolve().parents[3]


def test_merge_survives_a_crash_of_the_database(tmp_path):
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABASE_", "REDIS_", "GENEPOOL_", "DJANGO_"))
    }
    environment = kept | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.workers.runtime.postgres_crash", str(tmp_path)]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert not found["is_working"]
    assert found["states"] == ["succeeded", "succeeded"], found["errors"]
    assert found["attempts"] == [1, 1]
    assert found["digests"][0] == found["digests"][1]
    assert found["weights"][0] == found["weights"][1]
    assert len(found["weights"][0]) > 10
