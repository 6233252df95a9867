"""Runs as a process of its own: a merge on an embedded Postgres that is killed -9 half-way and started again.

Prints one JSON object: how the jobs ended, and the weights with and without the crash.
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from hub.embedded import layout_make, services_for
from hub.embedded.services import stop, wait_ready
from hub.embedded.specs import spawn
from tests.hub.embedded_support import forget_home

SIZES = (768,) * 17


def start(services):
    services.postgres.prepare()
    spec = services.postgres.spec()
    with (services.layout.logs / "postgres.log").open("ab") as log:
        process = spawn(spec, output=log)
    wait_ready(spec, process, services.layout)
    return spec, process


def main(root: Path) -> dict:
    services = services_for(layout_make(root / "data"), {})
    os.environ |= services.environment() | {"REDIS_URL": "redis://127.0.0.1:1/0", "LEASE_S": "30", "HEARTBEAT_S": "0.5"}
    spec, process = start(services)
    try:
        services.postgres.provision()
        return crash(services, spec, process, root)
    finally:
        stop(*services_now.get("running", (spec, process)))
        services.forget_sockets()
        forget_home(root / "data")


services_now: dict = {}


def crash(services, spec, process, root):
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "hub.config.settings"
    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from hub.catalog.selectors import commit_resolve, entries_of, repo_get
    from hub.jobs import bell
    from hub.recipes.services import recipe_submit
    from tests.builders import finetuned, mlp_state, model_folder
    from tests.factories.accounts import make_user
    from tests.factories.jobs import make_repo
    from workers.runtime.claim import Ledger
    from workers.runtime.gpu import Device
    from workers.runtime.tasks import claim_all

    bell._send = lambda *_: None
    call_command("migrate", verbosity=0)
    alice, base = make_user("alice"), mlp_state(seed=0, sizes=SIZES)
    for name, state in {"base": base, "one": finetuned(base, seed=1), "two": finetuned(base, seed=2)}.items():
        make_repo(alice, name, folder=model_folder(root / name, state, readme="---\nlicense: mit\n---\n# Tiny\n"))

    def submit(name):
        document = {
            "kind": "merge", "method": "ties", "base": "alice/base", "sources": [{"model": "alice/one"}, {"model": "alice/two"}],
            "output": {"repo": f"alice/{name}"}, "max_shard_bytes": 2**20,
        }  # fmt: skip
        return recipe_submit(user=alice, document=document, force=True)[0]

    def weights(name):
        head = commit_resolve(repo_get(user=alice, full_name=f"alice/{name}"), "main")
        return {entry.path: entry.sha256 for entry in entries_of(head) if entry.path.endswith(".safetensors")}

    ledger = Ledger(name="cpu@test/0", queues=["cpu"], device=Device(), memory_bytes=2**40)
    calm = submit("calm")
    claim_all(ledger)
    crashed = submit("crashed")

    def work():
        claim_all(ledger)
        connection.close()

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    journal = settings.SCRATCH_DIR / str(crashed.pk) / "journal"
    give_up = time.monotonic() + 60
    while len(list(journal.glob("*.safetensors.json"))) < 2 and time.monotonic() < give_up:
        time.sleep(0.005)
    connection.close()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    services_now["running"] = start(services)
    worker.join(90)
    for job in (calm, crashed):
        job.refresh_from_db()
    return {
        "is_working": worker.is_alive(),
        "states": [calm.state, crashed.state],
        "attempts": [calm.attempt, crashed.attempt],
        "errors": [calm.error, crashed.error],
        "digests": [calm.tensor_digest, crashed.tensor_digest],
        "weights": [weights("calm"), weights("crashed") if crashed.state == "succeeded" else {}],
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))), flush=True)
