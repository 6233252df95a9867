"""A database per test process, copied from a template that is migrated once per set of migrations."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

ROOT = Path(__file__).resolve().parents[1]
BUILD_LOCK = 7_041_776  # any number, the same in every process: one builds the template, the others wait


def migrations_digest() -> str:
    # migrating makes the built-in benchmarks too, from these tables
    tables = [
        ROOT / "hub/benchmarks/builtins.py",
        ROOT / "workers/planning/builtins.py",
        ROOT / "workers/contracts/tasks.py",
        ROOT / "workers/contracts/naming.py",
    ]
    files = sorted([*ROOT.glob("hub/*/migrations/*.py"), *tables])
    found = hashlib.sha256(f"{version('Django')} {version('django-axes')}".encode())
    for file in files:
        found.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()[:10]


@contextlib.contextmanager
def test_database() -> Iterator[str]:
    """Django's connection points at a fresh copy for as long as the block lasts."""
    original = settings.DATABASES["default"]["NAME"]
    template = template_ensure(original)
    name = f"{original}_test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    with _maintenance() as maintenance:
        _run(maintenance, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        _run(maintenance, "CREATE DATABASE {} TEMPLATE {}", name, template)
    _point_at(name)
    with connection.cursor() as cursor:
        # Tests that commit empty every table afterwards; the log itself would refuse that. What else it refuses stays in force.
        cursor.execute("ALTER TABLE accounts_auditentry DISABLE TRIGGER audit_refuse_truncate")
    try:
        yield name
    finally:
        _point_at(original)
        with _maintenance() as maintenance:
            _run(maintenance, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


test_database.__test__ = False  # type: ignore[attr-defined]


def environment_of_children() -> dict[str, str]:
    """For processes that a test starts and that are to see its database."""
    found = settings.DATABASES["default"]
    where = urlencode({"host": found["HOST"], "port": found["PORT"]})
    return {
        **os.environ,
        "DATABASE_URL": f"postgres://{quote(found['USER'])}:{quote(found['PASSWORD'])}@/{found['NAME']}?{where}",
        "REDIS_URL": settings.REDIS_URL,
        "GENEPOOL_DATA": str(settings.DATA_DIR),
    }


def template_ensure(original: str) -> str:
    prefix = f"{original}_template_"
    template = prefix + migrations_digest()
    with _maintenance() as maintenance:
        maintenance.execute("SELECT pg_advisory_lock(%s)", [BUILD_LOCK])
        there = {row[0] for row in maintenance.execute("SELECT datname FROM pg_database")}
        if template in there:
            return template
        for stale in (name for name in there if name.startswith(prefix)):
            with contextlib.suppress(psycopg.errors.ObjectInUse):
                _run(maintenance, "DROP DATABASE IF EXISTS {}", stale)
        unfinished = f"{template}_new"
        _run(maintenance, "DROP DATABASE IF EXISTS {} WITH (FORCE)", unfinished)
        _run(maintenance, "CREATE DATABASE {}", unfinished)
        _point_at(unfinished)
        call_command("migrate", verbosity=0, interactive=False)
        _point_at(original)
        _run(maintenance, "ALTER DATABASE {} RENAME TO {}", unfinished, template)
    return template


def _point_at(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name


def _maintenance() -> psycopg.Connection:
    found = connection.settings_dict
    return psycopg.connect(
        host=found["HOST"] or None,
        port=found["PORT"] or None,
        user=found["USER"] or None,
        password=found["PASSWORD"] or None,
        dbname="postgres",
        autocommit=True,
    )


def _run(maintenance: psycopg.Connection, statement: str, *names: str) -> None:
    maintenance.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))
