"""The heartbeat, on a clock that the test turns."""

import pytest

from tests.workers.runtime.fakes import FakeLedger, claim_of
from workers.runtime.heart import Heart


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def make(ledger, clock):
    return Heart(ledger, claim_of("finish"), every_s=15, lease_s=90, clock=clock)


def test_renews_every_period_and_only_looks_in_between(clock):
    ledger = FakeLedger()
    heart = make(ledger, clock)
    for _ in range(60):
        clock.now += 1
        heart.tick()
    assert ledger.beats == 4
    assert heart.deadline == 1000 + 60 + 90 - 15


def test_time_runs_out_a_margin_before_the_lease(clock):
    ledger = FakeLedger(away=10**9)
    heart = make(ledger, clock)
    clock.now += 74
    heart.tick()
    assert not heart.is_over()
    clock.now += 1
    assert heart.is_over()


def test_database_that_comes_back_saves_the_lease(clock):
    ledger = FakeLedger(away=50)
    heart = make(ledger, clock)
    for _ in range(70):
        clock.now += 1
        heart.tick()
    assert not heart.is_over()
    assert heart.deadline > 1000 + 60 + 75


def test_counts_from_before_the_renewal(clock):
    ledger = FakeLedger()
    heart = make(ledger, clock)
    clock.now += 15

    def slow(_):
        clock.now += 40
        return False

    ledger.lose_when = slow
    heart.tick()
    assert heart.deadline == 1000 + 15 + 90 - 15


def test_learns_of_cancel_and_loss(clock):
    ledger = FakeLedger(cancel_when=lambda _: True)
    heart = make(ledger, clock)
    heart.tick()
    assert heart.is_cancelled
    ledger.lose_when = lambda _: True
    heart.tick()
    assert heart.is_over()
