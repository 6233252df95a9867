"""What all measurements share: interleaved rounds, medians, and a file of figures in the data directory."""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from workers.contracts.version import VERSION

MIB = 2**20


def parser_make(module: str, text: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m hub.bench.{module}", description=(text or "").partition("\n")[0])
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path(os.environ.get("GENEPOOL_DATA") or ".genepool"),
        help="where figures and scratch files go",
    )
    return parser


def interleaved(cases: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each case in each round. The first round warms caches and is thrown away."""
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, case in cases.items():
            start = time.perf_counter()
            case()
            if number:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def median(values: list[float]) -> float:
    return statistics.median(values)


def keep(data_dir: Path, name: str, rows: list[dict[str, Any]], **about: Any) -> None:
    """Prints the figures as one line of JSON, and keeps them."""
    figures = {"schema": 1, "benchmark": name, "version": VERSION, "cores": os.cpu_count(), **about, "rows": rows}
    target = data_dir / "bench" / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures))
    print(f"Kept in {target}", file=sys.stderr)


def skip(data_dir: Path, name: str, reason: str) -> int:
    print(f"{name}: skipped. {reason}", file=sys.stderr)
    keep(data_dir, name, [], skipped=reason)
    return 0
