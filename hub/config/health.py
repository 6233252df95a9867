"""/healthz says that the process answers and touches nothing. /readyz says whether it can serve: database, Redis, storage, migrations.

Probes call by address, whatever the site's name is, so the middleware answers them before the host is looked at.
"""

import time
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from hub.config.readiness import NotReady, write_test

STORAGE_TEST_S = 10.0
REDIS_TIMEOUT_S = 2.0


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def check_database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except DatabaseError as error:
        raise NotReady("The database does not answer.") from error


def check_redis() -> None:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=REDIS_TIMEOUT_S, socket_connect_timeout=REDIS_TIMEOUT_S
    )
    try:
        client.ping()
    except redis.RedisError as error:
        raise NotReady("Redis does not answer.") from error
    finally:
        client.close()


class StorageTest:
    """Kept for ten seconds: probes come often and every test costs a write that reaches the disk."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tested_at: float | None = None
        self._problem: NotReady | None = None

    def __call__(self) -> None:
        now = self._clock()
        if self._tested_at is None or now - self._tested_at >= STORAGE_TEST_S:
            self._tested_at, self._problem = now, None
            try:
                write_test(settings.STORAGE_URL, settings.S3)
            except NotReady as problem:
                self._problem = problem
        if self._problem:
            raise self._problem


class MigrationTest:
    """Once nothing is open this process need not ask again: its own code brings no new migrations."""

    def __init__(self) -> None:
        self._is_done = False

    def __call__(self) -> None:
        if self._is_done:
            return
        try:
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        except DatabaseError as error:
            raise NotReady("The database does not say which migrations it has.") from error
        if plan:
            raise NotReady(f"{len(plan)} migrations are not applied.")
        self._is_done = True


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "redis": check_redis,
    "storage": StorageTest(),
    "migrations": MigrationTest(),
}


def readyz(request: HttpRequest) -> HttpResponse:
    found = {}
    for name, check in CHECKS.items():
        try:
            check()
            found[name] = "ok"
        except NotReady as problem:
            found[name] = str(problem)
    is_ready = all(answer == "ok" for answer in found.values())
    response = JsonResponse({"ready": is_ready, "checks": found}, status=200 if is_ready else 503)
    response.headers["Cache-Control"] = "no-store"
    return response


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
_PROBES = {"/healthz": healthz, "/readyz": readyz}


class Probes:
    """A probe inside a container asks 127.0.0.1, which need not be among the site's names."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = _PROBES.get(request.path) if request.method in ("GET", "HEAD") else None
        if probe is None:
            return self.get_response(request)
        response = probe(request)
        response.headers["Content-Length"] = str(len(response.content))
        return response
