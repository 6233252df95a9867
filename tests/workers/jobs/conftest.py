"""One tiny trained model and one adapter for it, made once."""

import pytest

from tests.workers.jobs.digits import dataset, entry, train_request
from tests.workers.jobs.ports import fake_ports
from workers.jobs import train


@pytest.fixture(scope="session")
def clean(tmp_path_factory):
    return dataset(tmp_path_factory.mktemp("data") / "clean")


@pytest.fixture(scope="session")
def noisy(tmp_path_factory):
    return dataset(tmp_path_factory.mktemp("data") / "noisy", "noisy")


@pytest.fixture(scope="session")
def trained(clean, tmp_path_factory):
    """The folder of a trained classifier."""
    ports = fake_ports(tmp_path_factory.mktemp("trained"), train_request(clean), {("data", 0): clean})
    train.run(ports)
    return ports.workspace.out


@pytest.fixture(scope="session")
def adapter(clean, trained, tmp_path_factory):
    """The folder of a LoRA adapter for `trained`, which goes by the name alice/base."""
    request = train_request(clean, architecture=None, model="alice/base", lora={"rank": 2, "alpha": 4.0}, epochs=1)
    inputs = (*request.inputs, entry("model", 0, "alice/base", trained, licence="Apache-2.0"))
    request = request.model_copy(update={"inputs": inputs})
    ports = fake_ports(tmp_path_factory.mktemp("adapter"), request, {("data", 0): clean, ("model", 0): trained})
    train.run(ports)
    return ports.workspace.out
