"""Addresses and settings: what is read from one URL each, and which start is refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from hub.config import addresses

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _bare(monkeypatch):
    for name in (
        "DATABASE_URL",
        "DATABASE_PASSWORD",
        "DATABASE_PASSWORD_FILE",
        "DATABASE_POOL",
        "REDIS_URL",
        "SITE_URL",
    ):
        monkeypatch.delenv(name, raising=False)


def database(monkeypatch, url: str) -> dict:
    monkeypatch.setenv("DATABASE_URL", url)
    return addresses.database("DATABASE_URL", "")


def test_a_database_url_is_taken_apart(monkeypatch):
    found = database(monkeypatch, "postgres://al%40ice:p%2Fw@db.example:5433/my%20hub?sslmode=require")
    assert {name: found[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")} == {
        "NAME": "my hub",
        "USER": "al@ice",
        "PASSWORD": "p/w",
        "HOST": "db.example",
        "PORT": "5433",
    }
    assert found["OPTIONS"]["sslmode"] == "require"


def test_a_socket_folder_and_a_password_file_are_read(monkeypatch, tmp_path):
    (tmp_path / "password").write_text("from%file\n")
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(tmp_path / "password"))
    found = database(monkeypatch, "postgres://genepool@/genepool?host=%2Ftmp%2Fa%20b&port=5432")
    assert (found["HOST"], found["PORT"], found["PASSWORD"]) == ("/tmp/a b", "5432", "from%file")


@pytest.mark.parametrize(
    "url", ["sqlite:///file.db", "mysql://host/name", "postgres://host/", "postgres://host:port/name", "host/name"]
)
def test_a_database_that_is_no_postgres_is_refused_without_repeating_it(monkeypatch, url):
    with pytest.raises(ImproperlyConfigured, match="Genepool runs on Postgres only") as refusal:
        database(monkeypatch, url.replace("host", "user:secret@host"))
    assert "secret" not in str(refusal.value)


def test_a_wrong_statement_timeout_is_refused(monkeypatch):
    monkeypatch.setenv("DATABASE_STATEMENT_TIMEOUT", "15s -c superuser_reserved_connections=0")
    with pytest.raises(ImproperlyConfigured, match="DATABASE_STATEMENT_TIMEOUT"):
        database(monkeypatch, "postgres://host/name")


def test_the_pool_replaces_lasting_connections(monkeypatch):
    monkeypatch.setenv("DATABASE_POOL", "1")
    found = database(monkeypatch, "postgres://host/name")
    assert found["CONN_MAX_AGE"] == 0
    assert found["OPTIONS"]["pool"]["max_size"] == 8


@pytest.mark.parametrize("url", ["http://host", "redis://", "unix://", "redis://host:x/0"])
def test_a_wrong_redis_address_is_refused(monkeypatch, url):
    monkeypatch.setenv("REDIS_URL", url)
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL must look like"):
        addresses.redis("REDIS_URL", "redis://127.0.0.1/0")


@pytest.mark.parametrize(
    "url", ["models.example.org", "ftp://host", "https://", "https://host/path", "https://host:no"]
)
def test_a_wrong_site_address_is_refused(monkeypatch, url):
    monkeypatch.setenv("SITE_URL", url)
    with pytest.raises(ImproperlyConfigured, match="SITE_URL"):
        addresses.site("SITE_URL", "")


def settings_after(**changes: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "SECRET_KEY": "k" * 20 + "0123456789abcdefghijklmnopqrst", **changes}
    code = "import hub.config.settings as s; print(s.ALLOWED_HOSTS, s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.SECURE_HSTS_SECONDS)"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"SECRET_KEY_FILE": "/nowhere/key"}, "SECRET_KEY_FILE names /nowhere/key"),
        ({"DEBUG": "yes"}, "DEBUG is 'yes'"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is 'LOUD'"),
        ({"LEASE_S": "0"}, "LEASE_S is 0.0. It must be at least 1"),
        ({"DATABASE_URL": "sqlite:///x"}, "Genepool runs on Postgres only"),
    ],
)
def test_a_bad_value_stops_the_start_and_says_which(changes, complaint):
    done = settings_after(**changes)
    assert done.returncode != 0
    assert complaint in done.stderr.splitlines()[-1]


def test_https_makes_cookies_secure():
    done = settings_after(SITE_URL="https://models.example.org")
    assert (
        done.stdout.strip() == "['models.example.org', '127.0.0.1', 'localhost', '[::1]'] __Host-session True 3600"
    ), done.stderr


def test_a_local_site_answers_to_every_local_name():
    done = settings_after(SITE_URL="http://localhost:8000")
    assert "'127.0.0.1'" in done.stdout
    assert done.stdout.strip().endswith("genepool_session False 0")
