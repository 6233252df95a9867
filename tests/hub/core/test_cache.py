import pickle

import pytest
from django.core.cache import cache, caches
from redis.exceptions import RedisError

from hub.core.cache import ForgetfulCache, SignedSerializer


class _Trap:
    """Unpickling it fails the test: that is the code an attacker would run."""

    def __reduce__(self):
        return pytest.fail, ("a value that we did not write was unpickled",)


@pytest.mark.parametrize("value", ["text", b"bytes", None, True, 1.5, ("version", b"body"), {"a": [1]}, -3, 2**40])
def test_gives_back_what_was_kept(value):
    kept = SignedSerializer().dumps(value)
    assert SignedSerializer().loads(kept if isinstance(kept, bytes) else str(kept).encode()) == value


def test_counters_stay_numbers_that_redis_can_add_to():
    assert SignedSerializer().dumps(7) == 7


def test_a_value_of_somebody_else_is_absent_and_never_unpickled():
    foreign = pickle.dumps(_Trap())
    for stored in (foreign, b"\0" * 32 + foreign, b"", b"\0" * 10):
        assert SignedSerializer().loads(stored) is None


def test_a_changed_value_is_absent():
    kept = bytearray(SignedSerializer().dumps("text"))
    kept[-1] ^= 1
    assert SignedSerializer().loads(bytes(kept)) is None


def test_another_secret_reads_nothing(settings):
    kept = SignedSerializer().dumps("text")
    settings.SECRET_KEY = "another-secret-key-another-secret-key-another-secret"
    assert SignedSerializer().loads(kept) is None


def test_the_cache_of_the_hub_reads_signed_values_only():
    backend = caches["default"]
    key = backend.make_and_validate_key("planted")
    backend._cache.get_client(key, write=True).set(key, pickle.dumps(_Trap()))
    assert cache.get("planted") is None
    cache.delete("planted")


def test_a_redis_that_is_away_only_makes_pages_slower(tmp_path):
    cache = ForgetfulCache(
        f"unix://{tmp_path}/nobody-listens", {"OPTIONS": {"serializer": "hub.core.cache.SignedSerializer"}}
    )
    cache.set("key", "value", 60)
    assert cache.get("key", "absent") == "absent"


def test_a_counter_that_does_not_count_says_so(tmp_path):
    cache = ForgetfulCache(
        f"unix://{tmp_path}/nobody-listens", {"OPTIONS": {"serializer": "hub.core.cache.SignedSerializer"}}
    )
    with pytest.raises(RedisError):
        cache.incr("key")
