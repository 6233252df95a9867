"""`python -m workers.demo.make CACHE`: trains the demo zoo and describes it in CACHE/zoo.json for whoever publishes it.

Writes one JSON object a line on standard output: {"done", "total", "message"}. Ends when its standard input closes: that is
how it learns that whoever asked is gone.
"""

import argparse
import json
import os
import sys
import threading
from pathlib import Path

from workers.demo import pool, zoo
from workers.demo.cache import held
from workers.demo.contents import write_index
from workers.demo.datasets import write_dataset
from workers.demo.tasks import tasks_of


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="workers.demo.make", description="Train the demo zoo into a cache folder.")
    parser.add_argument("cache", type=Path)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=len(zoo.SEEDS), help="fewer seeds make a smaller zoo, for tests")
    parser.add_argument(
        "--only-study", action="store_true", help="the base and its fine-tunes alone, without describing them"
    )
    parser.add_argument("--watch-input", action="store_true", help="end when standard input closes")
    options = parser.parse_args(argv)
    os.environ["OMP_NUM_THREADS"] = "1"  # inherited by the processes of the pool, before they load torch
    os.environ["HF_HUB_OFFLINE"] = "1"
    if options.watch_input:
        threading.Thread(target=_end_with_input, daemon=True).start()
    with held(options.cache):
        for domain in zoo.DOMAINS:
            write_dataset(options.cache, domain)
        todo, done = tasks_of(options.cache, options.seeds, only_study=options.only_study)
        pool.tasks_run(options.cache, todo, done=done, processes=options.processes, tell=Printer())
        if not options.only_study:
            write_index(options.cache, options.seeds)
    return 0


class Printer:
    """A line for each thousandth of the work, and the last one always."""

    def __init__(self) -> None:
        self._last = -1.0

    def __call__(self, done: float, total: float, message: str) -> None:
        if done < total and done - self._last < total / 1000:
            return
        self._last = done
        sys.stdout.write(json.dumps({"done": round(done, 2), "total": total, "message": message}) + "\n")
        sys.stdout.flush()


def _end_with_input() -> None:
    # Not through sys.stdin: its lock would be held when the interpreter ends, which is fatal to it.
    while os.read(0, 4096):
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
