"""A hub with a family of small models, and a worker in this process."""

import pytest

from hub.jobs import bell
from tests.builders import finetuned, mlp_state, model_folder
from tests.factories.accounts import make_user
from tests.factories.jobs import make_repo

README = "---\nlicense: apache-2.0\n---\n# Tiny\n"


@pytest.fixture(autouse=True)
def quiet_bells(monkeypatch):
    monkeypatch.setattr(bell, "_send", lambda name, args, queue: None)


@pytest.fixture
def scratch(settings, tmp_path):
    """Short beats, a folder of its own."""
    settings.SCRATCH_DIR = tmp_path / "scratch"
    settings.HEARTBEAT_S, settings.LEASE_S, settings.CANCEL_GRACE_S = 0.5, 20, 2
    return settings.SCRATCH_DIR


@pytest.fixture
def family(transactional_db, tmp_path):
    """`family(sizes)`: Alice, and her repos base, one and two with layers of these sizes."""

    def make(sizes=(8, 16, 4)):
        alice = make_user("alice")
        base = mlp_state(seed=0, sizes=sizes)
        for name, state in {"base": base, "one": finetuned(base, seed=1), "two": finetuned(base, seed=2)}.items():
            folder = model_folder(
                tmp_path / name, state, config={"architectures": ["Mlp"], "model_type": "mlp"}, readme=README
            )
            make_repo(alice, name, folder=folder)
        return alice

    return make


def recipe(**options):
    return {
        "kind": "merge", "method": "ties", "base": "alice/base",
        "sources": [{"model": "alice/one", "density": 0.5}, {"model": "alice/two", "density": 0.5}],
        "output": {"repo": "alice/merged"}, **options,
    }  # fmt: skip
