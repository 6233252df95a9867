"""The system checks: each finds what it is for, and nothing on a good hub."""

import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from hub.config import checks

ROOT = Path(__file__).resolve().parents[3]


def ids(messages) -> list[str]:
    return [message.id for message in messages]


@pytest.mark.django_db
def test_a_good_hub_has_nothing_to_complain_of(settings, tmp_path):
    settings.STORAGE_URL = tmp_path.as_uri()
    call_command("check", databases=["default"], fail_level="ERROR")


@pytest.mark.parametrize(
    "secret",
    ["short", "a" * 64, "change-me-change-me-change-me-change-me-now", "django-insecure-0123456789abcdefghijklmnopq"],
)
def test_a_weak_secret_is_an_error(settings, secret):
    settings.SECRET_KEY = secret
    settings.TOKEN_PEPPERS = {1: "a good pepper of more than thirty-two characters"}
    assert ids(checks.secret_is_strong(None)) == ["genepool.E001"]


def test_every_weak_pepper_is_named(settings):
    settings.SECRET_KEY = "a good secret of more than thirty-two characters"
    settings.TOKEN_PEPPERS = {1: settings.SECRET_KEY, 2: "weak"}
    assert [message.msg.split(" is ")[0] for message in checks.secret_is_strong(None)] == ["TOKEN_PEPPER 2"]


def test_a_storage_that_cannot_be_written_is_an_error(settings, tmp_path):
    (tmp_path / "file").write_text("")
    settings.STORAGE_URL = (tmp_path / "file" / "blobs").as_uri()
    assert ids(checks.storage_is_writable(None)) == ["genepool.E003"]


def test_a_storage_of_an_unknown_kind_is_an_error(settings):
    settings.STORAGE_URL = "ftp://host/blobs"
    assert ids(checks.storage_is_writable(None)) == ["genepool.E002"]


@pytest.mark.django_db
@pytest.mark.parametrize(("row", "found"), [(None, ["genepool.E004"]), ((None,), ["genepool.W002"]), (("0.8.1",), [])])
def test_pgvector_is_looked_for(monkeypatch, row, found):
    class Cursor:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def execute(self, statement):
            assert "pg_available_extensions" in statement

        def fetchone(self):
            return row

    monkeypatch.setattr(connection, "cursor", Cursor)
    assert ids(checks.vectors_are_there(None, databases=["default"])) == found


def test_other_commands_ask_no_database():
    assert checks.vectors_are_there(None, databases=None) == []


@pytest.mark.parametrize(("name", "hint"), [("GENEPOOL_DATE", "Did you mean GENEPOOL_DATA?"), ("HUB_NONSENSE", None)])
def test_a_mistyped_variable_is_named_with_the_nearest(monkeypatch, name, hint):
    monkeypatch.setenv(name, "1")
    found = [message for message in checks.variables_are_known(None) if name in message.msg]
    assert [message.hint for message in found] == [hint]


def test_every_variable_that_the_code_reads_is_known():
    sources = [path for folder in ("hub", "workers", "tests") for path in (ROOT / folder).rglob("*.py")]
    used = {
        name
        for path in sources
        if path != Path(__file__)
        for name in re.findall(r'["\'](GENEPOOL_[A-Z_]+|HUB_[A-Z_]+)["\']', path.read_text())
    }
    assert used - {"GENEPOOL_", "HUB_"} <= checks.KNOWN_VARIABLES
