"""A source on this machine, and what carries out an import in this process."""

import io
import json
import sys
from types import SimpleNamespace

import pytest

from hub.imports.remote import fetching, transfer
from hub.imports.remote.briefing import Briefing
from hub.jobs import bell
from hub.jobs.services import job_briefing, job_publish
from tests.factories.jobs import claim, key_of
from tests.hub.imports.fake_hub import FakeHub
from tests.workers.jobs.ports import FakePorts, fake_ports
from workers.contracts.jobs import JobRequest

README = b"---\nlicense: apache-2.0\n---\n# Tiny\n\nA model from elsewhere.\n"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """No bell is rung and nobody waits between two tries."""
    monkeypatch.setattr(bell, "_send", lambda name, args, queue: None)
    monkeypatch.setattr(transfer, "PAUSE_S", 0.0)


@pytest.fixture
def hubs():
    """`hubs(files, lfs={…})` starts a fake hub; all end with the test."""
    started = []

    def start(files=None, **options):
        started.append(
            FakeHub(files if files is not None else {"README.md": README, "w.npy": b"weights" * 1000}, **options)
        )
        return started[-1]

    yield start
    for hub in started:
        hub.close()


@pytest.fixture
def ports_of(tmp_path, monkeypatch):
    """`ports_of(hub, mode=…)` gives the ports of an import from it, with the briefing on standard input."""

    def make(
        hub, *, folder="one", token="", room_bytes=None, known=None, private=None, seen_commit="", **recipe
    ) -> FakePorts:
        request = JobRequest(
            kind="import", recipe={"kind": "import", "source": "hf:ada/tiny@main", "endpoint": hub.url, **recipe}
        )  # fmt: skip
        briefing = Briefing(
            token=token, private_hosts=private or ("127.0.0.1",), room_bytes=room_bytes, known=known or {}, seen_commit=seen_commit,
            room_words="There is no more room.",
        )  # fmt: skip
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(briefing.model_dump_json().encode())))
        return fake_ports(tmp_path / folder, request, {})

    return make


@pytest.fixture
def carry_out(tmp_path, monkeypatch):
    """`carry_out(job)`: what supervisor, child and publishing do for a queued import, in this process."""

    def run(job):
        claimed = claim("io")
        assert claimed is not None
        assert claimed.pk == job.pk
        told = job_briefing(job=claimed)
        json.loads(told)
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(told)))
        ports = fake_ports(tmp_path / f"{job.pk}-{claimed.attempt}", JobRequest.model_validate(claimed.request), {})
        result = fetching.run(ports)
        return job_publish(**key_of(claimed), result=result, folder=ports.workspace.out)

    return run


@pytest.fixture
def source(hubs, settings):
    """The hub that `hf:` means."""
    hub = hubs(lfs={"w.npy"})
    settings.IMPORT_HOSTS, settings.IMPORT_PRIVATE_HOSTS = [hub.url], ["127.0.0.1"]
    return hub
