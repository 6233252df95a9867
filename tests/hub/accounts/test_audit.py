from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from hub.accounts import services
from hub.accounts.audit import audit
from hub.accounts.audit_reading import audit_entries
from hub.accounts.models import AuditEntry
from hub.core.errors import Forbidden
from tests.hub.api.zoo import make_model

pytestmark = pytest.mark.django_db


def _refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return "audit log" in str(error)
    return False


def test_the_database_refuses_to_change_an_entry(alice):
    assert AuditEntry.objects.exists()
    assert _refused("UPDATE accounts_auditentry SET actor = 'nobody'")
    assert _refused("DELETE FROM accounts_auditentry")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_auditentry ENABLE TRIGGER audit_refuse_truncate")
    assert _refused("TRUNCATE accounts_auditentry")


def test_entries_may_go_after_a_year(alice):
    audit("user.create", actor=None, subject="old")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO accounts_auditentry (at, action, actor, token, namespace, subject, detail) "
                       "VALUES (now() - interval '367 days', 'user.create', '', '', '', 'older', '{}')")  # fmt: skip
    assert not _refused("DELETE FROM accounts_auditentry WHERE subject = 'older'")
    assert _refused("DELETE FROM accounts_auditentry WHERE subject = 'old'")


def test_an_entry_says_who_did_what_with_which_token_from_where(api_as, alice):
    answer = api_as(alice).post(
        "/api/v1/tokens", {"name": "laptop", "scopes": ["read"]}, format="json", REMOTE_ADDR="192.0.2.7"
    )
    entry = AuditEntry.objects.get(action="token.create", subject__endswith="laptop")
    assert (entry.actor, entry.address) == ("alice", "192.0.2.7")
    assert entry.token.startswith("hub_")
    assert answer.json()["token"] not in str(vars(entry))


def test_a_forged_address_is_not_kept(api_as, alice):
    api_as(alice).post("/api/v1/tokens", {"name": "x", "scopes": ["read"]}, format="json", REMOTE_ADDR="'; drop")
    assert AuditEntry.objects.filter(action="token.create", subject__endswith=" x").get().address is None


def test_what_did_not_happen_is_not_in_it(alice):
    before = AuditEntry.objects.count()
    with transaction.atomic():
        services.organisation_create(name="lab", owner=alice)
        transaction.set_rollback(True)
    assert AuditEntry.objects.count() == before


def test_a_commit_is_one_entry(alice):
    make_model(alice, "alice/one")
    assert AuditEntry.objects.filter(action="commit.publish").count() == 1
    assert AuditEntry.objects.filter(action="repo.create", namespace="alice").count() == 1


def test_everybody_reads_what_concerns_them(alice, bob, charlie, root, lab):
    make_model(bob, "lab/secret", visibility="private")
    assert {entry.subject for entry in audit_entries(asker=alice, namespace=lab, action="repo")} == {"lab/secret"}
    assert not audit_entries(asker=charlie).exclude(actor="charlie").exists()
    assert "lab/secret" in {entry.subject for entry in audit_entries(asker=bob)}  # his own deed
    with pytest.raises(Forbidden):
        audit_entries(asker=bob, namespace=lab)
    assert audit_entries(asker=root).count() == AuditEntry.objects.count()


def test_a_name_taken_anew_does_not_open_the_former_owners_log(alice):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO accounts_auditentry (at, action, actor, token, namespace, subject, detail) "
                       "VALUES (%s, 'repo.delete', 'alice', '', 'alice', 'alice/former', '{}')",
                       [timezone.now() - timedelta(days=1)])  # fmt: skip
    assert "alice/former" not in {entry.subject for entry in audit_entries(asker=alice)}


def test_the_log_is_read_in_pages(api_as, alice):
    for number in range(3):
        services.organisation_create(name=f"lab{number}", owner=alice)
    client = api_as(alice)
    first = client.get("/api/v1/audit?action=organisation&limit=2").json()
    second = client.get(f"/api/v1/audit?action=organisation&limit=2&cursor={first['next']}").json()
    assert [row["subject"] for row in first["results"] + second["results"]] == ["lab2", "lab1", "lab0"]
    assert client.get("/api/v1/audit?action=nonsense").status_code == 400
