"""Postgres and Redis of one data directory, from the binaries that two wheels carry. Nothing else knows that they are embedded.

`embedded_services(data_dir)` runs both for as long as a block lasts; `genepool up` uses the same parts under its supervisor.
Nothing in here imports Django.
"""

from hub.embedded.errors import EmbeddedError
from hub.embedded.layout import layout_make
from hub.embedded.lock import DataDirLock
from hub.embedded.services import EmbeddedServices, embedded_services, services_for, services_running

__all__ = [
    "DataDirLock",
    "EmbeddedError",
    "EmbeddedServices",
    "embedded_services",
    "layout_make",
    "services_for",
    "services_running",
]
