"""`python -m workers.bench.merge`: time and memory of every merge method against plainly reading and writing the same bytes.

Each figure is the median over interleaved rounds, warm cache, of a whole process from its start to its end. Two depths show
that memory does not grow with the model. The table is printed; the figures are kept as JSON.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workers.bench import against
from workers.bench.family import family_make
from workers.contracts.methods import methods_of
from workers.contracts.version import VERSION

MIB = 2**20
# Where the parity suite makes it.
MERGEKIT = Path(__file__).resolve().parents[2] / ".venvs" / "mergekit-0.1.5" / "bin" / "mergekit-yaml"
# Decompositions of whole matrices take minutes at this size, and no other engine is there to compare them with.
STREAMING = [
    row.name for row in methods_of("merge") if row.memory == "stretch" and not row.learn and row.takes == "model"
]
# Where a preset cannot be meant for a family of few layers.
SETTINGS: dict[str, dict[str, Any]] = {"layer_swap": {"bottom": 1, "top": 1, "transition": 0}}


@dataclass
class Case:
    """One thing to measure at one depth. `command` is given a fresh path to write to."""

    name: str
    layers: int
    command: Callable[[Path], list[str]]
    memory_of: Callable[[Path, str], int]
    read_bytes: int
    seconds: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)

    def run(self, scratch: Path) -> None:
        out = scratch / "out"
        start = time.perf_counter()
        done = subprocess.run(self.command(out), capture_output=True, text=True, check=True, cwd=scratch)
        self.seconds.append(time.perf_counter() - start)
        self.memory.append(self.memory_of(out, done.stdout))
        shutil.rmtree(out) if out.is_dir() else out.unlink()


def main(arguments: list[str] | None = None) -> int:
    options = _arguments(arguments)
    options.data_dir.mkdir(parents=True, exist_ok=True)
    if options.against_mergekit:
        return _against(options)
    with tempfile.TemporaryDirectory(dir=options.data_dir, prefix="bench-") as name:
        scratch = Path(name).resolve()  # the processes run in it
        cases: list[Case] = []
        for layers in options.layers:
            print(f"Writing a family of {layers} layers …", file=sys.stderr)
            folders = family_make(
                scratch / f"layers-{layers}", layers=layers, width=options.width, vocabulary=options.vocabulary
            )
            cases += _cases(scratch, folders, layers, options.threads, options.methods)
        for round_number in range(options.rounds + 1):
            # The first round warms the page cache and is thrown away.
            print(f"Round {round_number} of {options.rounds}", file=sys.stderr)
            for case in cases:
                case.run(scratch)
        for case in cases:
            del case.seconds[0], case.memory[0]
    figures = _figures(cases, options)
    target = options.data_dir / "bench" / "merge.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures))
    print(_table(figures))
    print(f"Kept in {target}", file=sys.stderr)
    return 0


def _against(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(dir=options.data_dir, prefix="bench-") as name:
        figures = against.run(options, Path(name).resolve())
    target = options.data_dir / "bench" / "merge-against-mergekit.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=2) + "\n")
    print(against.table(figures))
    print(f"Kept in {target}", file=sys.stderr)
    return 0


def _cases(scratch: Path, folders: list[Path], layers: int, threads: int, chosen: Sequence[str] = ()) -> list[Case]:
    cases = []
    for inputs in (1, 2, 3, 4):
        files = [folder / "model.safetensors" for folder in folders[:inputs]]
        cases.append(
            Case(
                f"copy {inputs}", layers, _copying(files),
                lambda out, text: int(json.loads(text)["peak_memory_bytes"]), sum(file.stat().st_size for file in files),
            )
        )  # fmt: skip
    for method in methods_of("merge"):
        if method.learn or method.takes != "model" or (chosen and method.name not in chosen):
            continue
        used = folders if method.needs_base else folders[1:]
        used = used[: method.maximum_sources + method.needs_base] if method.maximum_sources else used
        recipe = scratch / f"{method.name}-{layers}.json"
        sources = used[1:] if method.needs_base else used
        document: dict[str, Any] = {
            "kind": "merge",
            "method": method.name,
            "sources": [{"model": str(source)} for source in sources],
            **SETTINGS.get(method.name, {}),
        }
        if method.needs_base:
            document["base"] = str(used[0])
        recipe.write_text(json.dumps(document))
        size = sum((folder / "model.safetensors").stat().st_size for folder in used)
        cases.append(Case(method.name, layers, _merging(recipe, threads), _reported_memory, size))
    return cases


def _copying(files: list[Path]) -> Callable[[Path], list[str]]:
    return lambda out: [sys.executable, "-m", "workers.bench.copy", *map(str, files), str(out)]


def _merging(recipe: Path, threads: int) -> Callable[[Path], list[str]]:
    return lambda out: [sys.executable, "-m", "workers.cli", str(recipe), str(out), "--threads", str(threads)]


def _reported_memory(out: Path, text: str) -> int:
    return int(json.loads((out / "report.json").read_text())["cost"]["peak_memory_bytes"])


def _figures(cases: list[Case], options: argparse.Namespace) -> dict[str, Any]:
    floor = {
        (case.read_bytes, case.layers): statistics.median(case.seconds)
        for case in cases
        if case.name.startswith("copy")
    }
    return {
        "schema": 1, "benchmark": "merge", "version": VERSION, "cores": os.cpu_count(), "threads": options.threads,
        "rounds": options.rounds, "width": options.width, "vocabulary": options.vocabulary, "dtype": "bfloat16",
        "rows": [
            {
                "name": case.name, "layers": case.layers, "read_bytes": case.read_bytes,
                "seconds": statistics.median(case.seconds), "seconds_all": case.seconds,
                "times_copy": statistics.median(case.seconds) / floor[case.read_bytes, case.layers],
                "peak_memory_bytes": int(statistics.median(case.memory)),
            }
            for case in cases
        ],
    }  # fmt: skip


def _table(figures: dict[str, Any]) -> str:
    lines = ["", f"{'':18}{'layers':>8}{'read':>12}{'seconds':>10}{'× copy':>9}{'peak memory':>14}"]
    for row in figures["rows"]:
        lines.append(
            f"{row['name']:18}{row['layers']:>8}{row['read_bytes'] / MIB:>8.0f} MiB{row['seconds']:>10.2f}"
            f"{row['times_copy']:>9.1f}{row['peak_memory_bytes'] / MIB:>10.0f} MiB"
        )
    return "\n".join(lines)


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m workers.bench.merge", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--methods", nargs="+", default=STREAMING, help="which to measure (default: those that stream)")
    parser.add_argument(
        "--against-mergekit", action="store_true", help="linear, slerp, dare_ties and ties beside mergekit, one family for both",
    )  # fmt: skip
    parser.add_argument(
        "--mergekit",
        type=Path,
        default=MERGEKIT,
        help="its command mergekit-yaml, in its own environment (default: %(default)s)",
    )
    parser.add_argument(
        "--megabytes", type=float, default=1000.0, help="of each model, beside mergekit (default: %(default)g)"
    )
    parser.add_argument(
        "--slow-megabytes", type=float, default=350.0, help="the same for dare_ties and ties, which take mergekit minutes (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument("--layers", type=int, nargs="+", default=[4, 16], help="depths to measure (default: 4 and 16)")
    parser.add_argument("--width", type=int, default=1024, help="hidden size (default: %(default)s)")
    parser.add_argument("--vocabulary", type=int, default=8192, help="rows of the embedding (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, help="tensors made at a time (default: %(default)s)")
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path(os.environ.get("GENEPOOL_DATA") or ".genepool"),
        help="where the family and the figures go",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
