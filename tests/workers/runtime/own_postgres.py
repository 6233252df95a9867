"""An embedded Postgres of a test process's own, to be killed and started again under running jobs."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.embedded import layout_make, services_for
from hub.embedded.services import stop, wait_ready
from hub.embedded.specs import spawn
from tests.hub.embedded_support import forget_home


class OwnPostgres:
    def __init__(self, root: Path) -> None:
        self.services = services_for(layout_make(root / "data"), {})
        os.environ |= self.services.environment() | {
            "REDIS_URL": "redis://127.0.0.1:1/0", "LEASE_S": "30", "HEARTBEAT_S": "0.5", "DJANGO_SETTINGS_MODULE": "hub.config.settings",
        }  # fmt: skip
        self.start()

    def start(self) -> None:
        self.services.postgres.prepare()
        self.spec = self.services.postgres.spec()
        with (self.services.layout.logs / "postgres.log").open("ab") as log:
            self.process = spawn(self.spec, output=log)
        wait_ready(self.spec, self.process, self.services.layout)

    def crash(self) -> None:
        """Killed -9, and up again."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.start()


@contextmanager
def hub_of_its_own(root: Path) -> Iterator[OwnPostgres]:
    """A migrated hub on it, in this process."""
    postgres = OwnPostgres(root)
    try:
        postgres.services.postgres.provision()
        import django

        django.setup()
        from django.core.management import call_command

        from hub.jobs import bell

        bell._send = lambda *_: None
        call_command("migrate", verbosity=0)
        yield postgres
    finally:
        stop(postgres.spec, postgres.process)
        postgres.services.forget_sockets()
        forget_home(root / "data")
