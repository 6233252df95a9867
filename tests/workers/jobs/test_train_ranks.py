"""A training in several processes. By hand: each of them imports torch and transformers."""

import pytest

from tests.workers.jobs.digits import train_request
from tests.workers.jobs.ports import fake_ports
from workers.contracts.errors import Cancelled, TransientError
from workers.jobs import train, train_ranks

pytestmark = pytest.mark.slow
STILL = {"hidden_dropout_prob": 0.0}


def request(clean, **changes):
    asked = train_request(clean, epochs=2)
    asked.recipe["architecture"] = {**asked.recipe["architecture"], **STILL}
    return asked.model_copy(update={"recipe": {**asked.recipe, **changes}})


@pytest.fixture
def two(monkeypatch):
    """As if this worker had two GPUs, on its processor."""
    monkeypatch.setenv("ACCELERATE_USE_CPU", "true")
    monkeypatch.setattr(train_ranks, "world_of", lambda request: 2)


def test_two_processes_train_what_one_trains(clean, tmp_path, two, monkeypatch):
    together = train.run(fake_ports(tmp_path / "two", request(clean), {("data", 0): clean}))
    monkeypatch.setattr(train_ranks, "world_of", lambda request: 1)
    alone = train.run(fake_ports(tmp_path / "one", request(clean), {("data", 0): clean}))
    assert together.report["losses"] == pytest.approx(alone.report["losses"], rel=1e-5)


def test_process_that_ends_ends_the_training_with_it(clean, tmp_path, two, monkeypatch):
    ports = fake_ports(tmp_path, request(clean, epochs=200), {("data", 0): clean})
    ranks = train_ranks.Ranks(ports, 2)
    monkeypatch.setattr(train_ranks, "Ranks", lambda ports, world: ranks)
    ports.reporter.checkpoint = lambda unit, **data: ranks._others[0].kill()
    with pytest.raises(TransientError, match="One of the 2 processes"):
        train.run(ports)


def test_cancelled_training_leaves_no_process(clean, tmp_path, two, monkeypatch):
    ports = fake_ports(tmp_path, request(clean, epochs=200), {("data", 0): clean}, cancel_at=8)
    ranks = train_ranks.Ranks(ports, 2)
    monkeypatch.setattr(train_ranks, "Ranks", lambda ports, world: ranks)
    with pytest.raises(Cancelled):
        train.run(ports)
    assert [other.poll() is not None for other in ranks._others] == [True]
