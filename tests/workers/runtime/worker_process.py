"""A worker process for tests that kill one: says `ready`, then claims until nothing fits."""

from workers.runtime.claim import Ledger
from workers.runtime.gpu import Device
from workers.runtime.tasks import claim_all

if __name__ == "__main__":
    print("ready", flush=True)
    claim_all(Ledger(name="cpu@killed/0", queues=["cpu"], device=Device(), memory_bytes=2**40))
