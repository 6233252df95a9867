"""The hub of this machine, running or not, for commands that look after it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.cli.environment import NotRunning, data_dir_of, environment_read
from hub.embedded import EmbeddedServices, embedded_services
from hub.embedded.lock import holder_of
from hub.embedded.placement import RECORD


def has_own_database() -> bool:
    """Whether the operator names a database; else it is the embedded one of the data directory."""
    return bool(os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"))


@contextmanager
def hub_ready(data_dir: str | None, *, what: str) -> Iterator[None]:
    """Django on the hub's database. A hub that runs goes on; of one that does not, Postgres and Redis run until the block ends.

    Raises:
        NotRunning: there is no hub in that data directory.
    """
    folder = data_dir_of(data_dir)
    if has_own_database():
        _set_up({})
        yield
    elif holder_of(folder) is not None:
        _set_up(environment_read(folder))
        yield
    elif not (folder / "postgres" / "PG_VERSION").exists() and not (folder / RECORD).exists():
        raise NotRunning(f"There is no hub in {folder}. Name its folder with --data-dir or GENEPOOL_DATA.")
    else:
        with embedded_services(folder, what=what) as services:
            _set_up(services.environment())
            yield


@contextmanager
def hub_to_fill(
    data_dir: str | None, *, what: str, prepare: Callable[[Path], dict[str, str]]
) -> Iterator[EmbeddedServices | None]:
    """The same for a data directory that may be empty, and whose hub must not run.

    `prepare` is given the folder of its secrets, and gives what else belongs into the environment.

    Raises:
        NotRunning: a hub runs on it.
    """
    folder = data_dir_of(data_dir)
    if has_own_database():
        _set_up({})
        yield None
        return
    holder = holder_of(folder)
    if holder is not None and holder.address:
        raise NotRunning(
            f"A hub runs on {folder} and serves {holder.address}. Stop it first: its database is about to be replaced."
        )
    with embedded_services(folder, what=what) as services:
        os.environ.update(prepare(services.layout.secrets))
        _set_up(services.environment())
        yield services


def _set_up(values: dict[str, str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.config.settings")
    os.environ["DATABASE_STATEMENT_TIMEOUT"] = "0"  # no page waits for these
    os.environ.update(values)
    import django

    django.setup()
