"""A backup brings back the same hub: every row, every byte, and it serves."""

import hashlib
import stat

from tests.factories.catalog import weights

ASK = """
import hashlib, sys
import django
django.setup()
from django.test import Client
answer = Client(headers={"host": "127.0.0.1", "authorization": f"Bearer {sys.argv[1]}"}).get("/alice/model/resolve/main/model.safetensors")
print(answer.status_code, hashlib.sha256(b"".join(answer.streaming_content)).hexdigest() if answer.streaming else "")
"""


def test_every_row_and_every_byte_comes_back_and_the_old_token_opens_it(filled, token, elsewhere, tmp_path):
    folder = str(tmp_path / "backup")
    made = filled.genepool("backup", folder)
    restored = elsewhere.genepool("restore", folder)
    assert elsewhere.rows() == filled.rows()
    assert elsewhere.blobs() == filled.blobs()
    assert made["blobs"] == len(filled.blobs()) == restored["copied"] + restored["linked"]
    assert made["counts"]["jobs"] == 2
    said = elsewhere.run(token, code=ASK)
    digest = hashlib.sha256(weights(fill=3)).hexdigest()
    assert said.stdout.splitlines()[-1].split() == ["200", digest], said.stderr


def test_the_deed_is_in_the_audit_log(backup, elsewhere):
    import psycopg

    elsewhere.genepool("restore", str(backup))
    with psycopg.connect(elsewhere.url) as connection:
        found = connection.execute(
            "SELECT actor, subject FROM accounts_auditentry WHERE action = 'backup.restore'"
        ).fetchall()
    assert found == [("", next(backup.glob("*Z*")).name)]


def test_new_rows_after_a_restore_take_new_numbers(backup, elsewhere):
    """Sequences come along too: the next job is number 3, not 1."""
    import psycopg

    elsewhere.genepool("restore", str(backup))
    with psycopg.connect(elsewhere.url) as connection:
        highest = connection.execute("SELECT max(number) FROM jobs_job").fetchone()[0]
        assert connection.execute("SELECT nextval('job_number')").fetchone()[0] > highest


def test_a_second_backup_copies_only_what_is_new(filled, alice, tmp_path):
    from tests.factories.catalog import make_repo

    folder = str(tmp_path / "backup")
    first = filled.genepool("backup", folder)
    make_repo(alice, "another", files={"new.txt": "new"})
    second = filled.genepool("backup", folder)
    assert second["present"] == first["blobs"]
    assert second["copied"] + second["linked"] == 1


def test_what_holds_secrets_is_closed_to_others(backup):
    snapshot = next(backup.glob("*Z*"))
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    for path in (snapshot, snapshot / "secrets"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    for path in (*snapshot.glob("secrets/*"), snapshot / "manifest.json", snapshot / "database.dump"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_local_blobs_become_hard_links_unless_copies_are_asked_for(filled, tmp_path, backup):
    linked = tmp_path / "linked"
    filled.genepool("backup", str(linked))
    store = {path.name: path.stat().st_ino for path in (tmp_path / "storage").glob("sha256/*/*/*")}
    same_disk = {path.name: path.stat().st_ino for path in (linked / "blobs").glob("sha256/*/*/*")}
    copies = {path.name: path.stat().st_ino for path in (backup / "blobs").glob("sha256/*/*/*")}
    assert same_disk == store
    assert not set(copies.values()) & set(store.values())
