import pytest

from tests.hub.own_cache import address_with, number_of


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/3"),
        ("redis://:secret@redis:6379", "redis://:secret@redis:6379/3"),
        ("unix:///tmp/x/redis.sock?db=0", "unix:///tmp/x/redis.sock?db=3"),
        ("unix://:secret@/tmp/x/redis.sock", "unix://:secret@/tmp/x/redis.sock?db=3"),
    ],
)
def test_names_another_database_of_the_same_redis(url, expected):
    assert address_with(url, 3) == expected


def test_processes_of_one_run_do_not_meet():
    assert [number_of(worker) for worker in ("", "gw0", "gw1", "gw14", "gw15")] == [1, 1, 2, 15, 1]
