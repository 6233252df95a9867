"""The hub of this machine, for commands that work on it: where its data directory is, how its services are reached.

`genepool up` leaves the addresses in a file of its data directory while it runs. Passwords are not among them: they are in
files of their own, which the addresses name.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from hub.embedded.layout import Layout
from hub.embedded.lock import holder_of
from hub.embedded.secret_files import write_private

DEFAULT_DATA_DIR = ".genepool"
FILE = "environment.json"


class NotRunning(Exception):
    """No hub runs on this data directory. The message says how to start one."""


def data_dir_of(given: str | None) -> Path:
    """`--data-dir`, else GENEPOOL_DATA, else `.genepool` in the working folder."""
    return Path(given or os.environ.get("GENEPOOL_DATA") or DEFAULT_DATA_DIR).expanduser().resolve()


def environment_write(layout: Layout, values: Mapping[str, str]) -> None:
    write_private(layout.run / FILE, json.dumps(dict(values), indent=1) + "\n")


def environment_forget(layout: Layout) -> None:
    (layout.run / FILE).unlink(missing_ok=True)


def environment_read(data_dir: Path) -> dict[str, str]:
    if holder_of(data_dir) is None:
        raise NotRunning(f"No hub runs on {data_dir}. Start it with `genepool up`, or name its folder with --data-dir.")
    try:
        found = json.loads((data_dir / "run" / FILE).read_text())
    except FileNotFoundError:
        raise NotRunning(f"The hub on {data_dir} is still starting. Try again in a moment.") from None
    except PermissionError:
        raise NotRunning(
            f"The hub on {data_dir} belongs to another user. Ask that user, or use a token over the network."
        ) from None
    return {str(name): str(value) for name, value in found.items()}


def activate(data_dir: str | None = None) -> None:
    """Makes Django ready on the hub of this machine. An operator's own DATABASE_URL counts before any data directory."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.config.settings")
    if not (os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE")):
        os.environ.update(environment_read(data_dir_of(data_dir)))
    import django

    django.setup()


def activate_or_explain(data_dir: str | None = None) -> bool:
    """For a command's first line: False when there is no hub, once the person has been told."""
    try:
        activate(data_dir)
    except NotRunning as problem:
        sys.stderr.write(f"genepool: {problem}\n")
        return False
    return True
