"""Loads the demo zoo into the hub of this machine and prints what the first merge gained. Run by `genepool up`."""

import argparse
import sys

from hub.cli.environment import activate_or_explain


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="genepool demo", description="Load the demo zoo into the hub of this machine."
    )
    parser.add_argument("--data-dir", help="the hub's data directory (default: GENEPOOL_DATA, else .genepool here)")
    parser.add_argument("--processes", type=int, default=2, help="processes that train, one thread each (default: 2)")
    options = parser.parse_args(argv)
    return load(processes=options.processes) if activate_or_explain(options.data_dir) else 1


def load(*, processes: int = 2) -> int:
    """Needs Django. Does nothing but print when the zoo is there."""
    from rich.console import Console

    from hub.accounts.services import admin_ensure
    from hub.core.errors import ApplicationError
    from hub.demo.loading import demo_comparison, demo_load
    from hub.demo.progress import steps_for
    from hub.demo.study import StudyFailed
    from hub.demo.table import sentence_make, table_make
    from hub.demo.training import TrainingFailed

    console = Console(width=None if sys.stdout.isatty() else 120)
    user, _ = admin_ensure()
    try:
        comparison = demo_comparison(user)
        if comparison is None:
            with steps_for(console) as steps:
                comparison = demo_load(user=user, steps=steps, processes=processes)
    except (TrainingFailed, StudyFailed, ApplicationError) as problem:
        for finding in getattr(problem, "findings", ()):
            sys.stderr.write(f"{finding.message}\n")
        sys.stderr.write(f"genepool: {problem}\n")
        return 1
    console.print(table_make(comparison))
    console.print(sentence_make(comparison), highlight=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
