"""A family of tiny models that Alice owns; bells are not rung."""

import pytest

from hub.jobs import bell
from tests.builders import finetuned, mlp_state, model_folder
from tests.factories.jobs import make_repo

README = "---\nlicense: apache-2.0\n---\n# Tiny\n"
CONFIG = {"architectures": ["Mlp"], "model_type": "mlp"}


@pytest.fixture(autouse=True)
def quiet_bells(monkeypatch):
    monkeypatch.setattr(bell, "_send", lambda name, args, queue: None)


@pytest.fixture
def family(alice, tmp_path):
    """alice/base, alice/one, alice/two: public, one shape."""
    base = mlp_state(seed=0)
    states = {"base": base, "one": finetuned(base, seed=1), "two": finetuned(base, seed=2)}
    return {
        name: make_repo(
            alice, name, visibility="public", folder=model_folder(tmp_path / name, state, config=CONFIG, readme=README)
        )
        for name, state in states.items()
    }


@pytest.fixture
def document():
    def make(**options):
        return {
            "kind": "merge", "method": "ties", "base": "alice/base",
            "sources": [{"model": "alice/one", "density": 0.5}, {"model": "alice/two@main", "density": 0.5}],
            "output": {"repo": "alice/merged"}, **options,
        }  # fmt: skip

    return make
