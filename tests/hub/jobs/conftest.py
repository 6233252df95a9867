"""Bells are caught: `bells` lists (task, arguments, queue) of what would have been sent."""

import pytest

from hub.jobs import bell


@pytest.fixture(autouse=True)
def bells(monkeypatch) -> list[tuple[str, list[str], str]]:
    rung: list[tuple[str, list[str], str]] = []
    monkeypatch.setattr(bell, "_send", lambda name, args, queue: rung.append((name, args, queue)))
    return rung
