"""Postgres and Redis of one data directory, from the binaries that two wheels carry. Nothing else knows that they are embedded.

`embedded_services(data_dir)` runs both for as long as a block lasts; `genepool up` uses the same parts under its supervisor.
Nothing in here imports Django.
"""

from hub.embedded.errors import EmbeddedError
from hub.embedded.services import EmbeddedServices, embedded_services

__all__ = ["EmbeddedError", "EmbeddedServices", "embedded_services"]
