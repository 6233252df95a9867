"""What is not restored, and what each refusal leaves behind: nothing."""

import json
import os
from dataclasses import replace

import psycopg
import pytest


def is_untouched(place) -> bool:
    with psycopg.connect(place.url) as connection:
        return connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()[0] == 0


def refused(place, folder, *options: str) -> str:
    done = place.run("restore", str(folder), *options)
    assert done.returncode == 1
    assert done.stderr.startswith("genepool: "), done.stderr
    return done.stderr


def rewrite(folder, **changes) -> None:
    path = next(folder.glob("*Z*/manifest.json"))
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_hub_with_people_in_it_is_replaced_only_by_force(filled, backup, alice):
    from tests.factories.accounts import make_user

    before = filled.rows()
    make_user("dora")
    assert "3 users" in refused(filled, backup)
    filled.genepool("restore", str(backup), "--force")
    assert filled.rows() == before


def test_a_damaged_blob_is_named_and_the_database_stays_empty(backup, elsewhere):
    blob = max((backup / "blobs").glob("sha256/*/*/*"), key=lambda path: path.stat().st_size)
    os.chmod(blob, 0o644)
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.write_bytes(content)
    assert f"{blob.name} was damaged" in refused(elsewhere, backup)
    assert is_untouched(elsewhere)
    assert blob.name not in elsewhere.blobs()
    done = elsewhere.run("restore", str(backup), "--dry-run", "--json")
    assert (done.returncode, json.loads(done.stdout)["damaged"]) == (1, [blob.name])


def test_a_blob_that_is_gone_is_named(backup, elsewhere):
    blob = next((backup / "blobs").glob("sha256/*/*/*"))
    blob.unlink()
    assert f"{blob.name} is missing" in refused(elsewhere, backup)
    assert is_untouched(elsewhere)


@pytest.mark.parametrize("name", ["database.dump", "blobs.tsv", "secrets/token_pepper"])
def test_a_changed_part_is_noticed_before_anything_begins(backup, elsewhere, name):
    path = next(backup.glob("*Z*")) / name
    path.write_bytes(path.read_bytes() + b"\n")
    assert f"{name} was changed or damaged" in refused(elsewhere, backup)
    assert is_untouched(elsewhere)
    assert elsewhere.blobs() == {}


def test_a_backup_of_a_later_release_waits_for_that_release(backup, elsewhere, manifest):
    rewrite(backup, migrations=[*manifest(backup)["migrations"], "catalog.9999_things_to_come"], version="9.9")
    assert "newer than this one" in refused(elsewhere, backup)
    assert is_untouched(elsewhere)


def test_a_newer_postgres_is_not_poured_into_an_older_one(backup, elsewhere):
    rewrite(backup, server_major=99)
    assert "Postgres 99" in refused(elsewhere, backup)
    assert is_untouched(elsewhere)


def test_another_pepper_is_refused_because_no_token_would_count(backup, elsewhere, tmp_path):
    (tmp_path / "pepper").write_text("another pepper than before\n")
    kept = {name: value for name, value in elsewhere.environment.items() if not name.startswith("TOKEN_PEPPER")}
    other = replace(elsewhere, environment={**kept, "TOKEN_PEPPER_FILE": str(tmp_path / "pepper")})
    assert "TOKEN_PEPPER_FILE=" in refused(other, backup)
    assert is_untouched(elsewhere)
    assert other.genepool("restore", str(backup), "--new-secrets")["counts"]["jobs"] == 2


def test_an_unfinished_backup_is_not_taken_for_one(backup, elsewhere):
    next(backup.glob("*Z*/manifest.json")).unlink()
    assert "no finished backup" in refused(elsewhere, backup)


def test_a_folder_of_something_else_is_neither_filled_nor_read(filled, elsewhere, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    done = filled.run("backup", str(tmp_path / "home"))
    assert (done.returncode, "holds other files" in done.stderr) == (1, True)
    assert "holds no backups" in refused(elsewhere, tmp_path / "home")
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["letter.txt"]
