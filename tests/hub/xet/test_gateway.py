"""The gateway as a client drives it: token, xorbs, shard, and then an ordinary commit."""

import time
from datetime import timedelta
from hashlib import sha256
from random import Random

import pytest
from django.utils import timezone

from hub.accounts.models import AccessToken
from hub.blobs.models import Blob, BlobGrant
from hub.blobs.services import blob_bytes
from hub.xet.generation import renew
from hub.xet.models import Generation, Xorb
from hub.xet.rights import LIFE_S
from hub.xet.xorbs import KEEP_DAYS, xorbs_expire
from tests.factories.catalog import make_repo
from tests.hub.xet.packing import GROUPED, chunk, file_records, hash_of, shard, xorb

pytestmark = pytest.mark.django_db
RAWS = [b"first chunk" * 1000, b"second" * 333, b"third, which is short"]
CONTENT = b"".join(RAWS)
NAME = sha256(CONTENT).hexdigest()
PACK = xorb(RAWS, GROUPED)
HASH = hash_of(PACK)
SHARD = shard(file_records(NAME, [(HASH, len(CONTENT), 0, 3)]))


@pytest.fixture
def repo(alice):
    return make_repo(alice, "thing").full_name


def lfs(name: str = NAME, size: int = len(CONTENT)):
    return [("lfsFile", {"path": "weights.arrow", "algo": "sha256", "oid": name, "size": size})]


def kept_bytes(tmp_path) -> int:
    return sum(file.stat().st_size for file in (tmp_path / "storage").rglob("*") if file.is_file())


def test_the_token_comes_in_the_body_and_in_headers(alice, repo, sender):
    answer = sender(alice, repo).answer
    body = answer.json()
    assert answer.headers["X-Xet-Cas-Url"] == body["casUrl"] == f"http://testserver/xet/{Generation.objects.get().name}"
    assert answer.headers["X-Xet-Access-Token"] == body["accessToken"]
    assert int(answer.headers["X-Xet-Token-Expiration"]) == body["exp"]


def test_what_was_sent_can_be_committed(alice, repo, sender):
    client = sender(alice, repo)
    assert client.xorb(HASH, PACK).json() == {"was_inserted": True}
    assert client.shard(SHARD).json() == {"result": 1}
    assert client.commit(repo, lfs()).status_code == 200
    assert client.hub.get(f"/{repo}/resolve/main/weights.arrow").headers["X-Linked-Etag"] == f'"{NAME}"'
    assert blob_bytes(blob=Blob.objects.get(pk=NAME)) == CONTENT


def test_may_be_repeated(alice, repo, sender):
    client = sender(alice, repo)
    assert [client.xorb(HASH, PACK).json()["was_inserted"] for _ in range(2)] == [True, False]
    assert [client.shard(SHARD).json()["result"] for _ in range(2)] == [1, 0]


def test_later_files_build_on_chunks_sent_before(alice, repo, sender):
    sender(alice, repo).xorb(HASH, PACK)
    other = RAWS[1] + RAWS[2] + RAWS[0] + RAWS[0]
    sizes = [len(RAWS[1] + RAWS[2]), len(RAWS[0])]
    segments = [(HASH, sizes[0], 1, 3), (HASH, sizes[1], 0, 1), (HASH, sizes[1], 0, 1)]
    name = sha256(other).hexdigest()
    assert sender(alice, repo).shard(shard(file_records(name, segments))).status_code == 200
    assert blob_bytes(blob=Blob.objects.get(pk=name)) == other


def test_another_users_chunks_cannot_be_named(alice, charlie, repo, sender):
    sender(alice, repo).xorb(HASH, PACK)
    sender(alice, repo).shard(SHARD)
    theirs = sender(charlie, make_repo(charlie, "own").full_name)
    assert theirs.address != sender(alice, repo).address
    answer = theirs.shard(SHARD)
    assert answer.status_code == 400
    assert "does not have some of the chunks" in answer.json()["error"]
    assert theirs.xorb(HASH, PACK).json()["was_inserted"], "that somebody has it is not told"
    assert theirs.commit("charlie/own", lfs()).status_code == 422


def test_a_lost_chunk_gives_the_client_a_new_address(alice, repo, sender):
    before = sender(alice, repo)
    assert before.shard(SHARD).status_code == 400
    after = sender(alice, repo)
    assert after.address != before.address
    assert before.xorb(HASH, PACK).status_code == 200, "an upload under way goes on"
    assert after.shard(SHARD).status_code == 200


def test_content_that_is_not_what_was_said_is_not_kept(alice, repo, sender):
    client = sender(alice, repo)
    client.xorb(HASH, PACK)
    wrong = sha256(b"something else").hexdigest()
    answer = client.shard(shard(file_records(wrong, [(HASH, len(CONTENT), 0, 3)])))
    assert answer.status_code == 400
    assert not Blob.objects.filter(pk__in=[wrong, NAME]).exists()
    assert client.commit(repo, lfs(wrong)).status_code == 422
    assert not Xorb.objects.exists(), "the client has to send all of it again"


@pytest.mark.parametrize("segment", [(len(CONTENT) - 1, 0, 3), (len(CONTENT), 0, 4), (10, 3, 4)])
def test_segments_have_to_fit_their_xorb(alice, repo, sender, segment):
    client = sender(alice, repo)
    client.xorb(HASH, PACK)
    assert client.shard(shard(file_records(NAME, [(HASH, *segment)]))).status_code == 400
    assert not BlobGrant.objects.filter(blob_id=NAME).exists()


@pytest.mark.hostile
@pytest.mark.parametrize("data", [b"", b"nonsense" * 20, PACK[:-60], chunk(b"x" * 100, raw=101)])
def test_a_bad_xorb_leaves_nothing_behind(alice, repo, sender, data, tmp_path):
    client = sender(alice, repo)
    before = kept_bytes(tmp_path)
    assert client.xorb(HASH, data).status_code == 400
    assert not Xorb.objects.exists()
    assert kept_bytes(tmp_path) == before


@pytest.mark.hostile
def test_a_bad_shard_is_a_refusal(alice, repo, sender):
    for data in (b"", b"x" * 500, SHARD[:100], SHARD[:48] + b"\0" * 4000):
        assert sender(alice, repo).shard(data).status_code == 400


@pytest.mark.hostile
@pytest.mark.parametrize(("path", "limit"), [(f"xorbs/default/{HASH}", 65 * 2**20), ("shards", 80 * 2**20)])
def test_too_much_is_refused_before_it_is_read(alice, repo, sender, path, limit):
    answer = sender(alice, repo).post(path, b"x", CONTENT_LENGTH=str(limit + 1))
    assert answer.status_code == 413


@pytest.mark.hostile
def test_a_body_that_ends_early_is_refused(alice, repo, sender):
    client = sender(alice, repo)
    assert client.post(f"xorbs/default/{HASH}", PACK, CONTENT_LENGTH=str(len(PACK) + 9)).status_code == 400
    assert not Xorb.objects.exists()


def test_a_file_has_the_limit_that_every_upload_has(alice, repo, sender, settings):
    client = sender(alice, repo)
    client.xorb(HASH, PACK)
    settings.MAX_UPLOAD_BYTES = len(CONTENT) - 1
    assert client.shard(SHARD).status_code == 413


def test_a_xorb_has_to_fit_the_quota(alice, repo, sender, settings):
    client = sender(alice, repo)
    settings.QUOTA_BYTES = len(PACK) - 1
    answer = client.xorb(HASH, PACK)
    assert answer.status_code == 403
    assert "no room" in answer.json()["error"]
    assert not Xorb.objects.exists()


def test_a_token_sends_no_more_than_can_be_stored(alice, repo, sender, settings):
    """Chunks that no commit names are no use of the quota yet, and must not be a way around it."""
    client = sender(alice, repo)
    large = xorb([Random(1).randbytes(100_000)])
    settings.QUOTA_BYTES = len(large) + len(large) // 2
    assert client.xorb(HASH, large).status_code == 200
    assert client.xorb("cd" * 32, large).status_code == 403


def test_a_file_is_put_together_only_where_there_is_room(alice, repo, sender, settings):
    client = sender(alice, repo)
    client.xorb(HASH, PACK)
    settings.QUOTA_BYTES = len(CONTENT) - 1
    assert client.shard(SHARD).status_code == 403
    assert not Blob.objects.filter(pk=NAME).exists()
    settings.QUOTA_BYTES = 10 * len(CONTENT)
    assert client.shard(SHARD).status_code == 200
    assert client.commit(repo, lfs()).status_code == 200


@pytest.mark.parametrize("path", [f"chunks/default/{HASH}", f"xorb-grants/default/{HASH}", "reconstructions/x"])
def test_nobody_learns_which_chunks_are_there(alice, repo, sender, path):
    client = sender(alice, repo)
    client.xorb(HASH, PACK)
    assert client.gateway.get(f"{client.address}/v1/{path}").status_code == 404
    assert client.gateway.post(f"{client.address}/v2/shards").status_code == 404


def test_reports_of_clients_are_not_taken_and_harm_nothing(client):
    assert client.post("/v1/telemetry", {"bytes": 1}, "application/json").status_code == 404


def test_who_may_send(alice, bob, charlie, repo, sender):
    assert sender(charlie, repo).answer.status_code == 403
    assert sender(alice, repo, "read").answer.status_code == 403
    private = make_repo(alice, "secret", visibility="private").full_name
    assert sender(charlie, private).answer.status_code == 404


def test_reading_is_not_offered(alice, repo, sender):
    answer = sender(alice, repo).hub.get(f"/api/models/{repo}/xet-read-token/main")
    assert answer.status_code == 404
    assert "plain HTTP" in answer.headers["X-Error-Message"]


@pytest.mark.parametrize("token", ["", "Bearer nonsense", "Basic eDp5", "Bearer a:b:c"])
def test_without_a_right_nothing_is_taken(alice, repo, sender, token):
    client = sender(alice, repo)
    answer = client.gateway.generic(
        "POST", f"{client.address}/v1/shards", SHARD, "application/octet-stream", headers={"authorization": token}
    )
    assert answer.status_code == 401


def test_the_right_ends_with_what_it_came_from(alice, repo, sender, monkeypatch):
    client = sender(alice, repo)
    AccessToken.objects.update(revoked_at=timezone.now())
    assert client.xorb(HASH, PACK).status_code == 401
    AccessToken.objects.update(revoked_at=None)
    assert client.xorb(HASH, PACK).status_code == 200
    now = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + LIFE_S + 5)
    assert client.xorb(HASH, PACK).status_code == 401


def test_the_right_is_for_one_address(alice, charlie, repo, sender):
    mine, theirs = sender(alice, repo), sender(charlie, make_repo(charlie, "own").full_name)
    mine.address = theirs.address
    assert mine.xorb(HASH, PACK).status_code == 401


def test_after_a_restore_every_address_is_new(alice, repo, sender):
    before = sender(alice, repo)
    before.xorb(HASH, PACK)
    renew()
    assert sender(alice, repo).address != before.address
    assert not Xorb.objects.exists()


def test_chunks_that_nobody_used_for_a_month_go(alice, repo, sender):
    sender(alice, repo).xorb(HASH, PACK)
    assert xorbs_expire() == 0
    assert xorbs_expire(now=timezone.now() + timedelta(days=KEEP_DAYS - 1)) == 0
    assert xorbs_expire(now=timezone.now() + timedelta(days=KEEP_DAYS + 1)) == 1


def test_a_hub_without_the_gateway_names_the_way_out(alice, repo, sender, settings):
    client = sender(alice, repo)
    settings.XET_UPLOADS = False
    answer = sender(alice, repo).answer
    assert answer.status_code == 404
    assert "HF_HUB_DISABLE_XET=1" in answer.headers["X-Error-Message"]
    assert client.xorb(HASH, PACK).status_code == 404
