"""`genepool bench merge-methods`: how good every merge method is on the demo's digits, and what it costs.

The three fine-tunes of the demo zoo are merged with each method at its own presets, and the result answers the test split of
every domain. Accuracy is normalised by that of the model made for the domain: the fine-tune, and the base for clean digits.
Seconds are those that the merge of the first seed kept one core busy, memory is that of its whole process.

The papers choose their scale on validation data. So a second column gives each method that has one what it is worth with the
best on the validation split of a few settings, seed by seed: as many tries for everyone (`workers.bench.tuning`). Methods that
learn see the train split of the domain of each fine-tune. Nothing is asserted; what is measured already is not measured again.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workers.bench.cells import EXPERTS, Study, cell_of
from workers.bench.table import Row, text_of
from workers.contracts.methods import Method, methods_of
from workers.contracts.methods.measured import MEASURED
from workers.contracts.version import VERSION
from workers.demo import zoo

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    options = _arguments(arguments)
    os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded: bytes and seconds are those of one thread
    cache = options.data_dir.resolve() / "zoo"
    _train(cache, options.seeds)
    methods = [row for row in methods_of("merge") if row.takes == "model"]
    if options.methods:
        methods = [row for row in methods if row.name in options.methods]
    bench = options.data_dir.resolve() / "bench"
    rows = measured(cache, methods, options.seeds, bench / "merge-methods")
    figures = figures_of(rows, options.seeds)
    target = bench / "merge-methods.json"
    written = json.dumps(figures, indent=1, ensure_ascii=False) + "\n"
    target.write_text(written, encoding="utf-8")
    if options.record:
        MEASURED.write_text(written, encoding="utf-8")
    sys.stdout.write(text_of(figures) + "\n")
    sys.stderr.write(f"Kept in {target}\n")
    return 0


def measured(cache: Path, methods: Sequence[Method], seeds: int, kept: Path) -> list[Row]:
    """The base and each fine-tune as they are, then every method over all seeds."""
    commit = _commit()
    studies = [Study(cache, seed) for seed in range(seeds)]
    rows = [Row(name, name, 0) for name in EXPERTS.values()]
    for row in rows:
        row.cells += [{"domains": study.normalised(study.folders[row.method])} for study in studies]
    for method in methods:
        most = method.maximum_sources or len(zoo.TUNED)
        row = Row(method.name, method.label, min(len(zoo.TUNED), most))
        for study in studies:
            sys.stderr.write(f"{method.name}, seed {study.seed}\n")
            row.cells.append(cell_of(study, method, kept, commit=commit, alone=study.seed == 0))
        rows.append(row)
    return rows


def figures_of(rows: Sequence[Row], seeds: int) -> dict[str, Any]:
    commits = sorted({str(cell["commit"]) for row in rows for cell in row.cells if cell.get("commit")})
    return {
        "schema": 2, "benchmark": "merge-methods", "version": VERSION, "commits": commits, "taken": datetime.now(UTC).date().isoformat(),
        "seeds": seeds, "domains": list(zoo.DOMAINS), "split": "test", "rows": [row.figures() for row in rows],
    }  # fmt: skip


def _commit() -> str:
    """Of the checkout that this runs in, shortened; "" where it is none."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _train(cache: Path, seeds: int) -> None:
    """Nothing to do where the demo has been here."""
    command = [sys.executable, "-m", "workers.demo.make", str(cache), "--seeds", str(seeds), "--only-study"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="genepool bench merge-methods", description="How good every merge method is on the demo's digits, and what it costs.",
    )  # fmt: skip
    parser.add_argument("--seeds", type=int, default=len(zoo.SEEDS), help="of the demo zoo (default: %(default)s)")
    parser.add_argument("--methods", nargs="+", help="only these (default: all that merge models)")
    parser.add_argument("--record", action="store_true", help="keep the table where the docs page reads it, too")
    parser.add_argument(
        "--data-dir", type=Path, default=Path(os.environ.get("GENEPOOL_DATA") or ".genepool"), help="where zoo and figures lie",
    )  # fmt: skip
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
