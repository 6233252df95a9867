"""Data directories for tests that start services of their own, apart from those of the test run."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.embedded.layout import Layout

ROOT = Path(__file__).resolve().parents[2]
OWN = (
    "DATABASE_URL",
    "DATABASE_PASSWORD",
    "DATABASE_PASSWORD_FILE",
    "REDIS_URL",
    "SECRET_KEY",
    "SECRET_KEY_FILE",
    "TOKEN_PEPPER",
    "GENEPOOL_DATA",
    "SITE_URL",
)
NOBODY = 65534


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that other users may pass through: the one of pytest is closed, which is a case of its own."""
    folder = Path(tempfile.mkdtemp(prefix="genepool-test-")).resolve()
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def forget_home(data_dir: Path) -> None:
    """What a start by root may have put under /var/lib/genepool."""
    home = Layout(data_dir.resolve()).closed_home
    if home.exists():
        shutil.rmtree(home)
        with contextlib.suppress(OSError):
            home.parent.rmdir()


def own_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in OWN} | {"PYTHONPATH": str(ROOT)}


def wait_for(what: Callable[[], object], seconds: float = 60.0) -> None:
    """Until it is true. The deadline only keeps a broken test from hanging."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            pytest.fail(f"still waiting after {seconds:.0f} s")
        time.sleep(0.05)


def ordinary_python() -> tuple[list[str], dict[str, str], dict[str, object]]:
    """Command, environment and subprocess arguments that run this environment's code as an ordinary user.

    The environment's own interpreter may lie in root's closed home; a system interpreter of the same version runs the same code.
    """
    environment = own_environment()
    if os.geteuid() != 0:
        return [sys.executable], environment, {}
    someone: dict[str, object] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(ROOT), *(path for path in sys.path if path.endswith("site-packages"))]
    )
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    problem = "no interpreter"
    for python in filter(None, (sys.executable, shutil.which(version, path="/usr/local/bin:/usr/bin"))):
        try:
            done = subprocess.run(
                [python, "-c", "import hub.embedded, psycopg"],
                cwd="/",
                env=environment,
                capture_output=True,
                text=True,
                **someone,
            )
        except OSError as error:
            problem = str(error)
            continue
        if done.returncode == 0:
            return [python], environment, someone
        problem = (done.stderr.strip().splitlines() or ["it failed"])[-1]
    pytest.skip(f"this checkout or its environment is closed to ordinary users: {problem}")
