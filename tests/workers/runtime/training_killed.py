"""Runs as a process of its own: a training whose child, worker and Postgres are killed -9, one after the other.

Another worker trains the same beside it, undisturbed. Prints one JSON object: how the jobs ended, who worked on both at once, and
weights and loss curve with and without the kills.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.workers.runtime.own_postgres import OwnPostgres, hub_of_its_own

PATIENCE_S = 90
ARCHITECTURE = {
    "model_type": "vit", "image_size": 8, "patch_size": 4, "num_channels": 1, "hidden_size": 16, "num_hidden_layers": 1,
    "num_attention_heads": 2, "intermediate_size": 16, "hidden_dropout_prob": 0.1,
    "id2label": {str(digit): str(digit) for digit in range(10)},
}  # fmt: skip
RECIPE = {
    "kind": "train", "architecture": ARCHITECTURE, "data": [{"data": "builtin:digits", "split": "train"}], "epochs": 6, "batch_size": 32,
    "learning_rate": 0.003, "checkpoint_s": 0, "seed": 3,
}  # fmt: skip


def main(root: Path) -> dict:
    with hub_of_its_own(root) as postgres:
        return train(postgres)


def step_of(path: Path) -> int:
    """The step that the journal has, 0 without one."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            return int(json.loads(json.loads(file.read(length))["__metadata__"]["progress"])["step"])
    except (OSError, ValueError, KeyError):
        return 0


def until(condition) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up, "it did not come to that"
        time.sleep(0.005)


def train(postgres: OwnPostgres) -> dict:
    from django.conf import settings
    from django.db import connection

    from hub.accounts.models import User
    from hub.jobs.models import Job
    from hub.jobs.services import leases_sweep
    from hub.recipes.services import recipe_submit
    from tests.factories.accounts import make_user
    from workers.runtime.claim import Ledger
    from workers.runtime.gpu import Device
    from workers.runtime.processes import group_members
    from workers.runtime.tasks import claim_all

    alice: User = make_user("alice")
    means = {"name": "cpu@test/0", "queues": ["cpu"], "device": Device(), "memory_bytes": 2**40}
    ledger = Ledger(**means)

    def submit(name: str) -> Job:
        return recipe_submit(user=alice, document=RECIPE | {"output": {"repo": f"alice/{name}"}}, force=True)[0]

    def report_of(job: Job) -> dict:
        from hub.blobs.models import Blob
        from hub.blobs.services import blob_bytes
        from hub.catalog.selectors import entries_of

        commit = job.outputs.get(role="result").commit
        (entry,) = [entry for entry in entries_of(commit) if entry.path == "report.json"]
        return json.loads(blob_bytes(blob=Blob.objects.get(sha256=entry.sha256)))

    class Once(Ledger):
        """Takes one job and no other."""

        def claim(self):
            found = None if getattr(self, "has_claimed", False) else super().claim()
            self.has_claimed = True
            return found

    killed = submit("killed")
    folder = settings.SCRATCH_DIR / str(killed.pk)
    journal = folder / "journal" / "train.safetensors"

    def child(of: Path = folder) -> int:
        return int((of / "child").read_text().split()[0])

    def at(step: int):
        return lambda: step_of(journal) >= step

    def work(ledger: Ledger) -> None:
        claim_all(ledger)
        connection.close()

    process = subprocess.Popen([sys.executable, "-m", "tests.workers.runtime.worker_process"], env=os.environ)
    until(at(20))
    # Held still while the other one starts, so that neither is done before both are in the middle.
    first = child()
    os.kill(first, signal.SIGSTOP)
    calm = submit("calm")
    beside = settings.SCRATCH_DIR / str(calm.pk)
    other = threading.Thread(target=work, args=(Once(**means),), daemon=True)
    other.start()
    until(lambda: step_of(beside / "journal" / "train.safetensors") >= 5)
    os.kill(child(beside), signal.SIGSTOP)
    at_once = [step_of(journal), step_of(beside / "journal" / "train.safetensors")]
    workers = list(Job.objects.filter(state="running").order_by("created_at").values_list("lease_owner", flat=True))
    for stopped in (first, child(beside)):
        os.kill(stopped, signal.SIGCONT)
    until(lambda: at(at_once[0] + 5)() and step_of(beside / "journal" / "train.safetensors") >= at_once[1] + 5)
    os.kill(first, signal.SIGKILL)
    until(lambda: step_of(journal) >= 80 and child() != first)
    second = child()
    process.kill()
    process.wait()
    until(lambda: not group_members(second))
    leases_sweep()
    other.join(90)
    worker = threading.Thread(target=work, args=(ledger,), daemon=True)
    worker.start()
    resumed_at = step_of(journal)
    until(at(resumed_at + 20))
    connection.close()
    postgres.crash()
    worker.join(90)
    for job in (calm, killed):
        job.refresh_from_db()
    reports = [report_of(job) if job.state == "succeeded" else {} for job in (calm, killed)]
    return {
        "is_working": worker.is_alive() or other.is_alive(),
        "at_once": at_once,
        "workers": workers,
        "states": [calm.state, killed.state],
        "errors": [calm.error, killed.error],
        "attempts": [calm.attempt, killed.attempt],
        "digests": [calm.tensor_digest, killed.tensor_digest],
        "curves": [report.get("curve") for report in reports],
        "losses": [report.get("losses") for report in reports],
        "resumed_at": resumed_at,
    }


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))), flush=True)
