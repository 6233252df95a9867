"""Browsers without scripts: the test client of each of the cast, and a family of entries to look at."""

import pytest
from django.core.cache import cache
from django.test import Client

from hub.jobs import bell
from tests.factories.catalog import make_model
from tests.factories.evals import make_evaluation, parent
from tests.factories.evals import make_model as make_measured
from tests.services import services

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    services.start()  # the cache is Redis, also for tests that ask for no database
    cache.clear()
    monkeypatch.setattr(bell, "_send", lambda name, args, queue: None)


@pytest.fixture
def browser():
    """`browser(alice)`: her session; `browser()`: nobody's."""

    def make(user=None) -> Client:
        client = Client(SERVER_NAME="127.0.0.1")
        if user is not None:
            client.force_login(user, backend=BACKEND)
        return client

    return make


@pytest.fixture
def zoo(alice):
    """A public and a private model of Alice's."""
    return {"open": make_model(alice, "open"), "secret": make_model(alice, "secret", fill=1, visibility="private")}


@pytest.fixture
def measured_family(alice):
    """base → rotated, noisy → merged, all public and measured on two datasets: the merge gains on the mean and loses on one."""
    base = make_measured(alice, "base")
    rotated = make_measured(alice, "digits-rotated", parents=[parent(*base, "finetune_of")])
    noisy = make_measured(alice, "digits-noisy", parents=[parent(*base, "finetune_of")])
    merged = make_measured(
        alice, "merged", parents=[parent(*base, "base"), parent(*rotated, weight=1.0), parent(*noisy, weight=0.7)]
    )
    answers = {
        "demo/digits-a": {"base": 50, "rotated": 95, "noisy": 40, "merged": 85},
        "demo/digits-b": {"base": 50, "rotated": 40, "noisy": 85, "merged": 90},
    }
    entries = {"base": base, "rotated": rotated, "noisy": noisy, "merged": merged}
    for data, scores in answers.items():
        for name, right in scores.items():
            make_evaluation(alice, *entries[name], [1] * right + [0] * (100 - right), data=data)
    return {name: repo for name, (repo, _) in entries.items()}
