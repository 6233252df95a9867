"""Room is asked for before bytes come, held while they come, and looked at again by the commit."""

import pytest
from django.utils import timezone

from hub.blobs.models import Reservation
from hub.catalog.quotas import QuotaExceeded, quota_check, quota_reserve, quota_room, reservations_expire
from hub.catalog.usage import usage_of
from tests.factories.catalog import make_commit, make_repo

pytestmark = pytest.mark.django_db
A, B = "a" * 64, "b" * 64


@pytest.fixture
def space(alice):
    namespace = alice.namespace
    namespace.quota_bytes = 1000
    namespace.save()
    return namespace


def test_what_fits_is_reserved_and_the_rest_refused_with_the_figures(space):
    quota_reserve(namespace=space, files=[(A, 600)])
    assert quota_room(space) == 400
    with pytest.raises(QuotaExceeded) as refused:
        quota_reserve(namespace=space, files=[(B, 500)])
    assert "500 bytes" in refused.value.message
    assert "1.0 kB" in refused.value.message
    assert "600 bytes are kept for uploads under way" in refused.value.message
    assert Reservation.objects.count() == 1


def test_all_files_are_reserved_or_none(space):
    with pytest.raises(QuotaExceeded):
        quota_reserve(namespace=space, files=[(A, 600), (B, 500)])
    assert Reservation.objects.count() == 0


def test_the_same_file_is_reserved_once(space):
    for _ in range(3):
        quota_reserve(namespace=space, files=[(A, 600)])
    assert quota_room(space) == 400


def test_what_is_held_already_needs_no_room(alice):
    make_repo(alice, "one", files={"a.dat": b"x" * 100})
    space = alice.namespace
    used = usage_of(space).total_bytes
    space.quota_bytes = used
    space.save()
    blob = next(iter(alice.namespace.repos.get().refs.get().entries.filter(path="a.dat"))).blob
    quota_reserve(namespace=space, files=[(blob.pk, blob.size_bytes)])
    assert Reservation.objects.count() == 0
    with pytest.raises(QuotaExceeded):
        quota_check(namespace=space, size=1)


def test_a_commit_settles_what_was_reserved(alice):
    repo = make_repo(alice, "one")
    space = alice.namespace
    space.quota_bytes = usage_of(space).total_bytes + 300
    space.save()
    with pytest.raises(QuotaExceeded):
        make_commit(repo, alice, {"big.dat": b"x" * 301})
    assert usage_of(space).total_bytes == space.quota_bytes - 300
    make_commit(repo, alice, {"fits.dat": b"x" * 300})
    assert quota_room(space) == 0
    assert Reservation.objects.count() == 0


def test_without_a_limit_nothing_is_counted(alice, settings, django_assert_num_queries):
    settings.QUOTA_BYTES = 0
    with django_assert_num_queries(1):
        quota_reserve(namespace=alice.namespace, files=[(A, 10**18)])
        quota_check(namespace=alice.namespace, size=10**18)


def test_the_hub_s_limit_holds_where_nothing_else_is_set(alice, settings):
    settings.QUOTA_BYTES = 10
    with pytest.raises(QuotaExceeded):
        quota_check(namespace=alice.namespace, size=11)


def test_reservations_end_after_a_day(space):
    quota_reserve(namespace=space, files=[(A, 600)])
    Reservation.objects.update(expires_at=timezone.now())
    assert quota_room(space) == 1000
    assert reservations_expire() == 1
