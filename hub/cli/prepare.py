"""Run by `genepool up` before the web starts: migrations, static files, the first administrator. A process of its own, so that
`up` itself never loads Django.

    python -m hub.cli.prepare PASSWORD_FILE
"""

import os
import sys
from pathlib import Path


def main(argv: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.config.settings")
    os.environ["DATABASE_STATEMENT_TIMEOUT"] = "0"  # a migration of a large table takes the time it takes
    import django
    from django.core.management import call_command
    from django.core.management.base import SystemCheckError

    django.setup()
    try:
        with open(os.devnull, "w") as nowhere:  # what it finds goes to stderr; that it found nothing needs no line
            call_command("check", databases=["default"], fail_level="ERROR", stdout=nowhere)
    except SystemCheckError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    count = _open_migrations()
    if count:
        sys.stdout.write(f"applying {count} migrations\n")
        call_command("migrate", interactive=False, verbosity=0)
    else:
        _builtins()  # a migration does this itself; a new program may bring benchmarks without one
    call_command("collectstatic", interactive=False, verbosity=0)
    _administrator(Path(argv[0]))
    return 0


def _open_migrations() -> int:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _builtins() -> None:
    from hub.benchmarks.builtins import builtins_sync

    builtins_sync()


def _administrator(password_file: Path) -> None:
    """The password waits in a file until `up` has shown it, so that a start that ends half-way does not lose it."""
    from hub.accounts.services import admin_ensure
    from hub.embedded.secret_files import write_private

    user, password = admin_ensure()
    if password:
        write_private(password_file, f"{user.get_username()}\n{password}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
