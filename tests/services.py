"""The Postgres and Redis of a test run: our own, embedded, without fsync, in a folder under the system's temporary one.

`begin` only decides addresses and puts them into the environment, before any settings load. `start` starts the two when the
first test needs them; under xdist the controller does so at once, and its workers inherit the addresses. The folder stays, so
that the next run finds cluster and template database made. DATABASE_URL and REDIS_URL of the caller replace either.
"""

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path

from hub.embedded import DataDirLock, EmbeddedError, EmbeddedServices, layout_make, services_for, services_running
from hub.embedded.lock import AlreadyRunning

ROOT = Path(__file__).resolve().parents[1]
MARK = "GENEPOOL_TEST_SERVICES"  # set for xdist workers and other child processes: the services are there already
SLOTS = 16
SECRET_KEY = "tests-only-secret-key-of-more-than-fifty-characters-0123456789"
ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class TestServices:
    """The services of this process, or of the controller that started it."""

    __test__ = False

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._services: EmbeddedServices | None = None
        self._problem: EmbeddedError | None = None
        self._is_started = False

    def begin(self) -> None:
        os.environ.setdefault("SECRET_KEY", SECRET_KEY)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.config.settings")
        for name in ONE_THREAD:
            os.environ.setdefault(name, "1")
        if MARK in os.environ:
            _separate_worker()
            return
        os.environ[MARK] = "1"
        if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
            os.environ.setdefault(
                "GENEPOOL_DATA", self._stack.enter_context(tempfile.TemporaryDirectory(prefix="genepool-tests-"))
            )
            return
        try:
            self._choose()
        except EmbeddedError as error:
            self._problem = error  # told to the first test that needs a database; the others run without

    def _choose(self) -> None:
        layout, lock = _free_slot()
        self._stack.callback(lock.release)
        self._services = services_for(layout, os.environ, is_durable=False)
        found = self._services.environment()
        scratch = layout.data_dir / "hub"
        shutil.rmtree(scratch, ignore_errors=True)
        found["GENEPOOL_DATA"] = str(scratch)
        for name, value in found.items():
            os.environ.setdefault(name, value)
        os.environ[MARK] = str(layout.data_dir)

    def start(self) -> None:
        if self._problem:
            raise self._problem
        if self._services and not self._is_started:
            self._stack.enter_context(services_running(self._services, may_create_databases=True))
            self._is_started = True

    def stop(self) -> None:
        self._stack.close()


def _free_slot():
    """The first folder that no other run holds, so that several runs of one checkout do not meet."""
    checkout = hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:8]
    for slot in range(SLOTS):
        layout = layout_make(Path(tempfile.gettempdir()) / f"genepool-tests-{os.geteuid()}-{checkout}-{slot}")
        try:
            return layout, DataDirLock(layout.data_dir, "a test run")
        except AlreadyRunning:
            continue
    raise EmbeddedError(f"{SLOTS} test runs of this checkout are under way. Wait for one to end.")


def _separate_worker() -> None:
    """Each xdist worker has its own data directory and its own numbered Redis database; Postgres is copied per worker."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker:
        return
    os.environ["GENEPOOL_DATA"] = str(Path(os.environ.get("GENEPOOL_DATA") or tempfile.mkdtemp()) / worker)
    number = int(worker.removeprefix("gw")) + 1
    if "unix://" in os.environ.get("REDIS_URL", "") and number < 64:
        os.environ["REDIS_URL"] = re.sub(r"db=\d+", f"db={number}", os.environ["REDIS_URL"])


services = TestServices()
