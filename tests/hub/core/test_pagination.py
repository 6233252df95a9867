from datetime import UTC, datetime, timedelta

import pytest

from hub.accounts.models import AccessToken
from hub.core.errors import Invalid
from hub.core.pagination import cursor_decode, cursor_encode, keyset_slice, limit_of

ORDER = ("-created_at", "id")


def _all_pages(queryset, limit):
    pages, cursor = [], None
    while True:
        page = keyset_slice(queryset, ORDER, cursor=cursor, limit=limit)
        pages.append(page.rows)
        if page.next is None:
            return pages
        cursor = page.next


@pytest.fixture
def rows(alice):
    instant = datetime(2026, 1, 1, tzinfo=UTC)
    for position in range(7):
        row = AccessToken.objects.create(user=alice, name=f"t{position}", digest=f"{position:064}", pepper=1)
        # Three share one instant: the second key has to tell them apart.
        AccessToken.objects.filter(pk=row.pk).update(created_at=instant + timedelta(seconds=max(position, 3)))
    return AccessToken.objects.all()


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 20])
def test_every_row_comes_once_in_order(rows, limit):
    pages = _all_pages(rows, limit)
    assert [row.pk for page in pages for row in page] == [row.pk for row in rows.order_by(*ORDER)]
    assert all(len(page) == limit for page in pages[:-1])


def test_rows_added_meanwhile_do_not_shift_the_next_page(rows, alice):
    first = keyset_slice(rows, ORDER, limit=3)
    AccessToken.objects.create(user=alice, name="new", digest="f" * 64, pepper=1)
    second = keyset_slice(rows, ORDER, limit=10, cursor=first.next)
    assert not {row.pk for row in first.rows} & {row.pk for row in second.rows}
    assert len(second.rows) == 4


def test_works_over_plain_values(rows):
    page = keyset_slice(rows.values("created_at", "id"), ORDER, limit=2)
    assert len(keyset_slice(rows.values("created_at", "id"), ORDER, limit=20, cursor=page.next).rows) == 5


def test_instants_survive_the_round_trip():
    values = [datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), "a", 3, None]
    assert cursor_decode(cursor_encode(values)) == values


@pytest.mark.parametrize("text", ["", "x", "abc:def", "é", "a" * 5000])
def test_refuses_a_cursor_that_was_not_given_out(text):
    with pytest.raises(Invalid):
        cursor_decode(text)


def test_refuses_a_cursor_of_another_list():
    with pytest.raises(Invalid):
        cursor_decode(cursor_encode([1], scope="jobs"), scope="models")
    with pytest.raises(Invalid):
        cursor_decode(cursor_encode([1]), length=2)


@pytest.mark.parametrize("text", ["0", "-1", "201", "ten", "1e3", "٣", "9" * 30])
def test_refuses_a_limit_out_of_range(text):
    with pytest.raises(Invalid):
        limit_of(text)
    assert limit_of(None) == 50
    assert limit_of("7") == 7
