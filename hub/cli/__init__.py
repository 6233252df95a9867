"""The console script `genepool`: a table of commands. Each module is imported only when its command is called."""

import atexit
import os
import sys
import threading
from importlib import import_module
from typing import NoReturn

COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("hub.cli.up:main", "everything on one machine, in the foreground"),
    "run": ("hub.cli.run:main", "carry out a recipe on local folders, without a server"),
    "merge": ("hub.cli.run:merge", "the same for merges"),
    "check": ("hub.cli.check:main", "findings, licence and estimate of a recipe"),
    "rank": ("hub.cli.rank:main", "which model to start from, by features of your own sample"),
    "methods": ("hub.cli.methods:main", "the table of methods"),
    "submit": ("hub.cli.submit:main", "send a recipe to a hub"),
    "jobs": ("hub.cli.jobs:main", "list, show, watch, cancel or retry jobs of a hub"),
    "benchmarks": ("hub.cli.benchmarks:main", "list, show, make, change or retire benchmarks of a hub"),
    "leaderboard": ("hub.cli.benchmarks:leaderboard", "who does how well at what cost"),
    "compare": ("hub.cli.compare:main", "entries side by side, and whether the best is better or that is noise"),
    "claims": ("hub.cli.claims:main", "what a card claims beside what was measured"),
    "store": ("hub.cli.store:main", "keep the weights of a fine-tune as its difference from the base, or whole again"),
    "push": ("hub.cli.push:main", "upload a folder to a hub"),
    "data": ("hub.cli.data:main", "make or update a dataset from a folder"),
    "pull": ("hub.cli.pull:main", "download a repo from a hub"),
    "import": ("hub.cli.import_:main", "take a repo over from another hub"),
    "user": ("hub.cli.user:main", "make users on the hub of this machine"),
    "token": ("hub.cli.token:main", "make access tokens on the hub of this machine"),
    "backup": ("hub.cli.backup:main", "write database, blobs and secrets of the hub into a folder"),
    "restore": ("hub.cli.restore:main", "bring them back into an empty hub"),
    "export": ("hub.cli.export:main", "write repos as plain folders and JSON"),
    "verify": ("hub.cli.verify:main", "hash the blobs again and say what is missing, damaged or orphaned"),
    "bench": ("hub.cli.bench:main", "measure merge methods on this machine"),
    "gc": ("hub.cli.gc:main", "remove what nothing names any more"),
}


def usage() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items()]
    return "\n".join(["usage: genepool COMMAND …", "", *lines, "", "`genepool COMMAND --help` says more.", ""])


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        (sys.stdout if arguments else sys.stderr).write(usage())
        return 0 if arguments else 2
    if arguments[0] in ("-V", "--version"):
        from workers.contracts.version import VERSION

        sys.stdout.write(f"genepool {VERSION}\n")
        return 0
    command = COMMANDS.get(arguments[0])
    if command is None:
        sys.stderr.write(f"genepool: there is no command {arguments[0]!r}.{_nearest(arguments[0])}\n\n{usage()}")
        return 2
    module, _, function = command[0].partition(":")
    try:
        return int(getattr(import_module(module), function)(arguments[1:]) or 0)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has gone (`genepool methods | head`). Nothing more can be said, also not by the interpreter's flush at exit.
        sys.stdout = None
        return 1


def enter() -> NoReturn:
    """The console script. Where torch was loaded the process ends at once after what is registered for its end: torch takes a third
    of a second to take itself down, and everything is written by then."""
    code = main()
    if "torch" in sys.modules and threading.active_count() == 1:
        atexit._run_exitfuncs()
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
        os._exit(code)
    sys.exit(code)


def _nearest(name: str) -> str:
    import difflib

    close = difflib.get_close_matches(name, COMMANDS, n=1)
    return f" Did you mean {close[0]}?" if close else ""
