"""Fixtures of the hub's tests. The people are in `tests.hub.cast`."""

from tests.hub.cast import alice, api, api_as, bob, charlie, lab, root

__all__ = ["alice", "api", "api_as", "bob", "charlie", "lab", "root"]
