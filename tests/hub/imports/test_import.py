"""From asking for an import to commits here: who may, what is written, what is not."""

import pytest
from django.db import connection

from hub.accounts.models import AuditEntry
from hub.catalog.models import Commit, Ref, Repo
from hub.catalog.selectors import entries_of
from hub.core.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from hub.imports import selectors
from hub.imports.models import Import, ImportedCommit
from hub.imports.sealing import token_seal, token_unseal
from hub.imports.services import import_start
from hub.jobs.models import Job
from hub.jobs.services import job_briefing, job_cancel
from tests.factories.jobs import claim, make_repo
from tests.hub.imports.conftest import README
from tests.hub.imports.fake_hub import COMMIT, sha256
from workers.contracts.errors import UserError

pytestmark = pytest.mark.django_db
OTHER = "b" * 40


def files_of(commit: Commit) -> dict[str, str]:
    return {entry.path: entry.sha256 for entry in entries_of(commit) if not entry.is_folder}


def test_a_mirror_holds_what_the_source_holds_and_says_where_from(alice, source, carry_out):
    origin = import_start(user=alice, source="hf:ada/tiny")
    assert origin.target == "alice/tiny"
    assert not Repo.objects.filter(full_name="alice/tiny").exists()
    job = carry_out(origin.job)
    origin.refresh_from_db()
    assert (job.state, origin.repo.full_name, origin.source_commit) == ("succeeded", "alice/tiny", COMMIT)
    assert origin.repo.visibility == "private"
    assert origin.repo.licence == "Apache-2.0"
    assert files_of(origin.commit) == {path: sha256(content) for path, content in source.files.items()}
    assert f"Source commit: {COMMIT}" in origin.commit.message
    assert f"{source.url}/ada/tiny" in origin.commit.message
    assert selectors.imported_commit(origin.commit).source_commit == COMMIT
    assert selectors.remote_files_of(origin.commit) == []
    assert job.outputs.get().commit == origin.commit
    assert not job.outputs.filter(role="file").exists()
    entry = AuditEntry.objects.get(action="repo.import")
    assert (entry.actor, entry.subject, entry.namespace) == ("alice", "alice/tiny", "alice")


def test_metadata_alone_can_be_mirrored_later(alice, source, carry_out):
    origin = import_start(user=alice, source="hf:ada/tiny", mode="metadata")
    carry_out(origin.job)
    origin.refresh_from_db()
    assert files_of(origin.commit) == {"README.md": sha256(README)}
    (missing,) = selectors.remote_files_of(origin.commit)
    assert (missing["path"], missing["sha256"]) == ("w.npy", sha256(source.files["w.npy"]))
    assert selectors.is_metadata_only(origin.commit)
    again = import_start(user=alice, source="hf:ada/tiny", target="alice/tiny")
    assert again.pk == origin.pk
    carry_out(again.job)
    again.refresh_from_db()
    assert set(files_of(again.commit)) == {"README.md", "w.npy"}
    assert not selectors.is_metadata_only(again.commit)
    assert source.fetched().count("README.md") == 1


def test_a_source_that_moved_brings_only_what_changed(alice, source, carry_out):
    origin = import_start(user=alice, source="hf:ada/tiny")
    carry_out(origin.job)
    carry_out(import_start(user=alice, source="hf:ada/tiny").job)
    assert Repo.objects.get(full_name="alice/tiny").commits.count() == 2
    source.commit = OTHER
    source.files = {"w.npy": source.files["w.npy"], "new.txt": b"new"}
    before = len(source.fetched())
    carry_out(import_start(user=alice, source="hf:ada/tiny").job)
    origin.refresh_from_db()
    assert origin.source_commit == OTHER
    assert set(files_of(origin.commit)) == {"w.npy", "new.txt"}
    assert source.fetched()[before:] == ["new.txt"]


def test_branches_and_tags_come_along_when_asked(alice, source, carry_out):
    rows = source.listed()
    source.refs = {
        "branches": [{"name": "main", "targetCommit": COMMIT}, {"name": "try/other", "targetCommit": OTHER}],
        "tags": [{"name": "v1", "targetCommit": COMMIT}, {"name": "alone", "targetCommit": "d" * 40}],
    }

    def trees(handler, path):
        if path.endswith(f"/tree/{OTHER}"):
            handler.json(rows[:1])
        elif path.endswith(f"/tree/{'d' * 40}"):
            handler.json(rows[1:])
        else:
            return False
        return True

    source.answer = trees
    origin = import_start(user=alice, source="hf:ada/tiny", all_refs=True)
    carry_out(origin.job)
    origin.refresh_from_db()
    refs = {(ref.kind, ref.name): set(files_of(ref.commit)) for ref in Ref.objects.filter(repo=origin.repo)}
    whole = {"README.md", "w.npy"}
    assert refs == {
        ("branch", "main"): whole, ("branch", "try/other"): {"README.md"}, ("tag", "v1"): whole, ("tag", "alone"): {"w.npy"},
    }  # fmt: skip


def test_asked_twice_it_is_one_import(alice, source):
    first, second = (import_start(user=alice, source="hf:ada/tiny") for _ in range(2))
    assert (first.pk, first.job_id) == (second.pk, second.job_id)
    assert Job.objects.count() == 1
    with pytest.raises(Conflict, match="already, with other choices"):
        import_start(user=alice, source="hf:ada/tiny@dev")


def test_a_repo_of_ones_own_is_not_written_over(alice, source):
    make_repo(alice, "tiny")
    with pytest.raises(Conflict, match="does not come from ada/tiny"):
        import_start(user=alice, source="hf:ada/tiny")
    assert not Import.objects.exists()
    assert not Job.objects.exists()


def test_nobody_imports_into_a_place_of_others(alice, bob, charlie, lab, source):
    with pytest.raises((Forbidden, NotFound)):
        import_start(user=charlie, source="hf:ada/tiny", target="lab/tiny")
    assert import_start(user=bob, source="hf:ada/tiny", target="lab/tiny").target == "lab/tiny"


def test_rights_lost_meanwhile_end_the_job_and_leave_no_repo(alice, bob, lab, source, carry_out):
    from hub.accounts.services import member_set

    origin = import_start(user=bob, source="hf:ada/tiny", target="lab/tiny")
    member_set(namespace=lab, user=bob, role=None)
    job = claim("io")
    with pytest.raises((Forbidden, NotFound)):
        job_briefing(job=job)
    assert not Repo.objects.filter(full_name="lab/tiny").exists()
    assert origin.job_id == job.pk


def test_a_name_taken_meanwhile_ends_the_job(alice, source, carry_out):
    origin = import_start(user=alice, source="hf:ada/tiny")
    make_repo(alice, "tiny")
    with pytest.raises(UserError, match="is there already"):
        carry_out(origin.job)
    assert not ImportedCommit.objects.exists()


@pytest.mark.parametrize(
    "asked",
    [
        {"source": "ada/tiny"}, {"source": "hf:ada"}, {"source": "hf:../etc"}, {"source": "hf:ada/tiny\n"}, {"mode": "all"}, {"type": "space"}, {"target": "tiny"},
        {"target": "alice/../x"}, {"endpoint": "http://169.254.169.254"}, {"endpoint": "https://elsewhere.example"}, {"endpoint": "file:///etc/passwd"},
        {"endpoint": "http://user:pw@127.0.0.1"}, {"token": "two words"}, {"token": "x" * 501}, {"token": "a\r\nHost: b"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_leaves_nothing(alice, source, asked):
    with pytest.raises(Invalid):
        import_start(**{"user": alice, "source": "hf:ada/tiny", **asked})
    assert not Import.objects.exists()
    assert not Job.objects.exists()


def test_an_offline_hub_imports_nothing(alice, source, settings):
    settings.OFFLINE = True
    with pytest.raises(Unavailable):
        import_start(user=alice, source="hf:ada/tiny")


def test_http_is_for_listed_neighbours_alone(alice, source, settings):
    settings.IMPORT_PRIVATE_HOSTS = []
    with pytest.raises(Invalid, match="encryption"):
        import_start(user=alice, source="hf:ada/tiny")


def test_a_host_taken_off_the_list_stops_what_is_queued(alice, source, settings):
    import_start(user=alice, source="hf:ada/tiny")
    settings.IMPORT_HOSTS = ["https://hub.example"]
    with pytest.raises(Invalid, match="may be imported from"):
        job_briefing(job=claim("io"))


def test_a_token_stands_in_no_row_and_is_forgotten_at_the_end(alice, source, carry_out):
    origin = import_start(user=alice, source="hf:ada/tiny", token="hf_a_secret_of_another_hub")
    with connection.cursor() as cursor:
        for table in ("imports_import", "jobs_job", "jobs_jobevent", "accounts_auditentry"):
            cursor.execute(f"SELECT count(*) FROM {table} AS row WHERE row::text LIKE %s", ["%a_secret_of%"])
            assert cursor.fetchone()[0] == 0
    assert token_unseal(origin.sealed_token) == "hf_a_secret_of_another_hub"
    carry_out(origin.job)
    assert source.asked[0][1]["Authorization"] == "Bearer hf_a_secret_of_another_hub"
    origin.refresh_from_db()
    assert origin.sealed_token == ""


def test_a_token_sealed_with_another_key_says_what_to_do(settings):
    sealed = token_seal("hf_x")
    settings.SECRET_KEY = "another-secret-key-another-secret-key-another-secret-key"
    with pytest.raises(Conflict, match="Start the import again"):
        token_unseal(sealed)


def test_imports_are_seen_by_who_may_write_there(alice, bob, charlie, lab, root, source, carry_out):
    origin = import_start(user=alice, source="hf:ada/tiny", target="lab/tiny")
    carry_out(origin.job)
    assert selectors.import_get(user=bob, ident=origin.pk) == origin
    assert selectors.import_get(user=root, ident=origin.pk) == origin
    with pytest.raises(NotFound):
        selectors.import_get(user=charlie, ident=origin.pk)


def test_a_cancelled_import_can_be_started_again(alice, source):
    origin = import_start(user=alice, source="hf:ada/tiny")
    job_cancel(user=alice, job=origin.job)
    again = import_start(user=alice, source="hf:ada/tiny")
    assert again.pk == origin.pk
    assert again.job_id != origin.job_id


def test_without_room_under_the_quota_nothing_is_fetched(alice, source, carry_out):
    alice.namespace.quota_bytes = 1000
    alice.namespace.save()
    origin = import_start(user=alice, source="hf:ada/tiny")
    with pytest.raises(UserError, match="alice may store 1"):
        carry_out(origin.job)
    assert source.fetched() == []
    assert not Repo.objects.filter(full_name="alice/tiny").exists()


def test_room_taken_meanwhile_stops_the_commit(alice, source, carry_out, monkeypatch):
    from hub.imports import briefing

    alice.namespace.quota_bytes = 1000
    alice.namespace.save()
    monkeypatch.setattr(briefing, "room_of", lambda namespace: (None, ""))
    origin = import_start(user=alice, source="hf:ada/tiny")
    with pytest.raises(UserError, match="There is no room"):
        carry_out(origin.job)
    assert not Repo.objects.filter(full_name="alice/tiny").exists()
