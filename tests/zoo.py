"""The demo zoo's trained folders, shared by all tests and all runs on this machine: trained on first use, in about a minute.

Fixtures: `zoo_study` holds base and fine-tunes of one seed, `zoo_studies` of three.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def trained(seeds: int) -> Path:
    """The cache folder. Processes that ask at once wait for the one that trains: the maker holds a lock on the folder."""
    cache = Path(tempfile.gettempdir()) / f"genepool-test-zoo-{os.getuid()}"
    cache.mkdir(mode=0o700, exist_ok=True)
    command = [sys.executable, "-m", "workers.demo.make", str(cache), "--seeds", str(seeds), "--only-study"]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return cache


@pytest.fixture(scope="session")
def zoo_study() -> Path:
    return trained(1)


@pytest.fixture(scope="session")
def zoo_studies() -> Path:
    return trained(3)
