"""Fixtures of the hub's tests. The people are in `tests.hub.cast`."""

from tests.hub.cast import alice, api, api_as, bob, charlie, lab, root
from tests.hub.own_cache import _own_cache

__all__ = ["_own_cache", "alice", "api", "api_as", "bob", "charlie", "lab", "root"]
