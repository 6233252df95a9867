"""A fine-tune kept as its difference from a base: who may ask, what is refused, what is freed, and what stays whatever happens."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from hub.blobs import packing
from hub.blobs.models import Blob, Delta
from hub.blobs.packing import blob_pack, blob_unpack
from hub.blobs.services import blob_bytes, driver, store
from hub.catalog.collecting import garbage_collect
from hub.catalog.models import Repo, Storing
from hub.catalog.services import repo_delete
from hub.catalog.storing import storing_ask
from hub.catalog.storing_work import storing_run
from hub.catalog.verifying import blobs_verify
from hub.core.errors import Conflict, Forbidden, NotFound, Refused, Unavailable
from tests.factories.tuned import SHAPES, file_of, make_base, make_tuned, weights

pytestmark = pytest.mark.django_db


def ask(user, repo, form="delta", **rest) -> Storing:
    storing_ask(user=user, repo=repo, form=form, **rest)
    storing_run(str(repo.pk))
    return Storing.objects.get(repo=repo)


def collect(days: float = 1, **rest):
    return garbage_collect(now=timezone.now() + timedelta(days=days), **rest)


@pytest.fixture
def tuned(alice):
    make_base(alice)
    return make_tuned(alice)


def test_takes_less_room_and_reads_the_same(alice, tuned):
    blob = file_of(tuned)
    wish = ask(alice, tuned)
    assert (wish.state, wish.base.full_name) == ("done", "alice/base")
    assert "saved" in wish.message
    assert blob_bytes(blob=blob) == weights(1e-3)
    freed = collect()
    assert (freed.plain_deleted, freed.plain_bytes_deleted) == (1, blob.size_bytes)
    assert store().stat(blob.pk) is None
    assert driver().stat(blob.pk) == blob.size_bytes
    assert store().stat(blob.delta.packed_id) < 0.8 * blob.size_bytes
    assert blob_bytes(blob=blob) == weights(1e-3)
    assert blob_bytes(blob=blob, start=1000, end=70_001) == weights(1e-3)[1000:70_001]


def test_whole_files_stay_while_a_signed_address_or_a_job_may_read_them(alice, tuned):
    blob = file_of(tuned)
    ask(alice, tuned)
    assert collect(days=0.1).plain_deleted == 0
    reading = {(tuned.pk, tuned.refs.get(name="main").commit.oid)}
    assert collect(kept=reading).plain_deleted == 0
    assert store().stat(blob.pk) is not None
    assert collect(days=0, wait_days=0, is_dry_run=True).plain_deleted == 1
    assert store().stat(blob.pk) is not None
    assert collect(days=0, wait_days=0).plain_deleted == 1


def test_the_base_lives_on_while_something_is_rebuilt_from_it(alice, tuned):
    blob = file_of(tuned)
    ask(alice, tuned)
    repo_delete(user=alice, repo=Repo.objects.get(full_name="alice/base"))
    for days in (1, 10, 20, 30):
        collect(days=days)
    assert blob_bytes(blob=blob) == weights(1e-3)
    repo_delete(user=alice, repo=tuned)
    for days in (40, 50, 60, 70, 80):
        collect(days=days)
    assert not Blob.objects.filter(size_bytes__gt=10_000).exists()
    assert not [size for _, size in store().list() if size > 10_000]


def test_undo_writes_it_out_whole(alice, tuned):
    blob = file_of(tuned)
    ask(alice, tuned)
    collect()
    wish = ask(alice, tuned, "plain")
    assert (wish.state, Delta.objects.count()) == ("done", 0)
    assert store().stat(blob.pk) == blob.size_bytes
    assert b"".join(store().open(blob.pk)) == weights(1e-3)
    assert ask(alice, tuned, "plain").message.startswith("Every file")


def test_the_same_bytes_sent_again_are_kept_whole_until_the_next_collection(alice, tuned):
    from tests.factories.catalog import make_blob

    blob = file_of(tuned)
    ask(alice, tuned)
    collect()
    make_blob(alice, weights(1e-3))
    assert store().stat(blob.pk) is not None
    assert collect(days=0.1).plain_deleted == 0
    assert collect().plain_deleted == 1


def refused(alice, repo, **rest) -> dict[str, str]:
    with pytest.raises(Refused) as caught:
        ask(alice, repo, **rest)
    assert not Delta.objects.exists()
    return {finding.code: finding.message for finding in caught.value.findings}


def test_what_differs_is_said_with_names_and_shapes(alice):
    make_base(alice)
    other = make_tuned(alice, content=weights(1e-3, shapes={**SHAPES, "head.weight": (7, 64), "new.bias": (3,)}))
    found = refused(alice, other)
    assert "new.bias" in found["delta_tensors_missing"]
    assert "head.weight (F32 7×64, there F32 10×64)" in found["delta_tensors_differ"]
    half = make_tuned(alice, "half", content=weights(1e-3, dtype="F16"))
    assert "F16 300×64, there F32 300×64" in refused(alice, half)["delta_tensors_differ"]


def test_a_base_that_is_not_here_or_is_the_same_is_refused(alice, bob):
    make_base(alice)
    elsewhere = make_tuned(alice, base="somebody/else")
    assert "delta_no_base" in refused(alice, elsewhere)
    same = make_tuned(alice, "same", content=weights())
    assert "delta_same_bytes" in refused(alice, same)
    make_base(bob, "hidden", visibility="private")
    with pytest.raises(NotFound):
        ask(alice, elsewhere, base="bob/hidden")


def test_what_saves_next_to_nothing_is_left_as_it_is(alice):
    make_base(alice)
    far = make_tuned(alice, content=weights(3.0))
    noise = np.random.default_rng(5).bytes(len(weights()) - 400)
    content = bytearray(weights(1e-3))
    content[-len(noise) :] = noise
    wish = ask(alice, make_tuned(alice, "noise", content=bytes(content)))
    assert (wish.state, "less than" in wish.message) == ("failed", True)
    assert not Delta.objects.exists()
    assert not list((store().root / "tmp").glob("*"))
    assert ask(alice, far).state in ("done", "failed")


def test_differences_are_never_stacked(alice, tuned):
    ask(alice, tuned)
    second = make_tuned(alice, "second", content=weights(2e-3), base="alice/tuned")
    with pytest.raises(Refused) as caught:
        ask(alice, second)
    assert [finding.code for finding in caught.value.findings] == ["delta_base_is_delta"]
    with pytest.raises(Refused) as caught:
        ask(alice, Repo.objects.get(full_name="alice/base"), base="alice/second")
    assert [finding.code for finding in caught.value.findings] == ["delta_of_a_base"]
    with pytest.raises(Conflict):
        blob_pack(blob=file_of(second), base=file_of(tuned), runs=[])


def test_only_an_owner_may_ask_and_strangers_learn_nothing(alice, charlie, tuned):
    with pytest.raises(Forbidden):
        storing_ask(user=charlie, repo=tuned, form="delta")
    private = make_tuned(alice, "private", content=weights(2e-3), visibility="private")
    with pytest.raises(NotFound):
        storing_ask(user=charlie, repo=private, form="delta")


def test_two_wishes_at_once_are_one_or_a_conflict(alice, tuned):
    first = storing_ask(user=alice, repo=tuned, form="delta")
    assert storing_ask(user=alice, repo=tuned, form="delta").created_at == first.created_at
    with pytest.raises(Conflict):
        storing_ask(user=alice, repo=tuned, form="plain")
    storing_run(str(tuned.pk))
    storing_run(str(tuned.pk))
    assert Delta.objects.count() == 1


@pytest.mark.parametrize("where", ["blob_row_ensure", "rebuilds"])
def test_a_death_in_the_middle_loses_nothing_and_goes_on(alice, tuned, monkeypatch, where):
    def die(*args, **rest):
        raise KeyboardInterrupt

    storing_ask(user=alice, repo=tuned, form="delta")
    with monkeypatch.context() as patch:
        patch.setattr(packing, where, die)
        with pytest.raises(KeyboardInterrupt):
            storing_run(str(tuned.pk))
    assert blob_bytes(blob=file_of(tuned)) == weights(1e-3)
    assert Storing.objects.get().state == "working"
    storing_run(str(tuned.pk))
    assert Storing.objects.get().state == "done"


def damage(sha256: str) -> None:
    path = store().local_path(sha256)
    content = bytearray(path.read_bytes())
    content[-700] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def test_a_damaged_base_never_gives_wrong_bytes_and_verify_says_whose_files_are_hurt(alice, tuned):
    from hub.backups.copying import is_intact

    blob = file_of(tuned)
    ask(alice, tuned)
    collect()
    assert blobs_verify(is_intact=is_intact, tell=lambda *rest: None).is_sound
    damage(blob.delta.base_id)
    with pytest.raises(Unavailable, match="rebuilt"):
        blob_bytes(blob=blob)
    found = blobs_verify(is_intact=is_intact, tell=lambda *rest: None)
    assert {hurt.sha256 for hurt in found.corrupt} == {blob.pk, blob.delta.base_id}
    assert {name for hurt in found.corrupt for name in hurt.repos} == {"alice/base", "alice/tuned"}
    with pytest.raises(Unavailable):
        blob_unpack(blob=blob)


def test_a_base_damaged_before_the_collection_keeps_the_file_whole(alice, tuned):
    blob = file_of(tuned)
    ask(alice, tuned)
    damage(blob.delta.base_id)
    assert collect().plain_deleted == 0
    assert blob_bytes(blob=blob) == weights(1e-3)
    assert not Delta.objects.exists()
