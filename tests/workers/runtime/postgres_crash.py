"""Runs as a process of its own: a merge on an embedded Postgres that is killed -9 half-way and started again.

Prints one JSON object: how the jobs ended, and the weights with and without the crash.
"""

import json
import sys
import threading
import time
from pathlib import Path

from tests.workers.runtime.own_postgres import OwnPostgres, hub_of_its_own

SIZES = (768,) * 17


def main(root: Path) -> dict:
    with hub_of_its_own(root) as postgres:
        return crash(postgres, root)


def crash(postgres: OwnPostgres, root: Path) -> dict:
    from django.conf import settings
    from django.db import connection

    from hub.catalog.selectors import commit_resolve, entries_of, repo_get
    from hub.recipes.services import recipe_submit
    from tests.builders import finetuned, mlp_state, model_folder
    from tests.factories.accounts import make_user
    from tests.factories.jobs import make_repo
    from workers.runtime.claim import Ledger
    from workers.runtime.gpu import Device
    from workers.runtime.tasks import claim_all

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
    postgres.crash()
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
