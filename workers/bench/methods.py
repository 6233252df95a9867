"""`genepool bench merge-methods`: how good every merge method is on the demo's digits, and what it costs.

The three fine-tunes of the demo zoo are merged with each method at its own presets, and the result answers the test split of
every domain. Accuracy is normalised by that of the model made for the domain: the fine-tune, and the base for clean digits.
Seconds are those of the merge, memory is that of its whole process.

The papers choose their scale on validation data. So a second column gives each method that has one the scale, among multiples of
its preset, that answers the validation split best, seed by seed. Figures are kept as JSON; nothing is asserted.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median
from typing import Any

from workers.bench.notes import NOTES
from workers.contracts.methods import Method, methods_of
from workers.contracts.version import VERSION
from workers.demo import zoo
from workers.demo.cache import folder_of

MIB = 2**20
BASE = "digits-vit-base"
EXPERTS = {"clean": BASE, **{domain: f"digits-vit-{domain}" for domain in zoo.TUNED}}
# Where a preset cannot be meant for a model of four layers.
SETTINGS: dict[str, dict[str, Any]] = {"layer_swap": {"bottom": 1, "top": 1, "transition": 0}}
NEEDS_NOTHING = ("weights", "base")
MULTIPLES = (0.5, 0.75, 1.0, 1.5, 2.0)


@dataclass
class Row:
    """One method. `domains` holds normalised accuracies, one list over the seeds for each domain."""

    method: str
    sources: int
    domains: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    scaled: dict[str, list[float]] = field(default_factory=dict)
    scales: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        per_domain, by_seed = _over_seeds(self.domains), _over_domains(self.domains)
        worst = min(per_domain, key=lambda domain: per_domain[domain])
        scaled = {"mean": mean(_over_domains(self.scaled)), "domains": _over_seeds(self.scaled), "scales": self.scales}
        return {
            "method": self.method, "sources": self.sources, "mean": mean(by_seed), "seeds": by_seed, "domains": per_domain,
            "worst": per_domain[worst], "worst_domain": worst, "seconds": median(self.seconds) if self.seconds else None,
            "peak_memory_bytes": int(median(self.memory)) if self.memory else None, "note": NOTES.get(self.method, ""),
            "scaled": scaled if self.scales else None,
        }  # fmt: skip


def _over_seeds(domains: dict[str, list[float]]) -> dict[str, float]:
    return {domain: mean(values) for domain, values in domains.items()}


def _over_domains(domains: dict[str, list[float]]) -> list[float]:
    return [mean(values) for values in zip(*domains.values(), strict=True)] or [0.0]


def main(arguments: list[str] | None = None) -> int:
    options = _arguments(arguments)
    cache = options.data_dir.resolve() / "zoo"
    _train(cache, options.seeds)
    methods = [row for row in methods_of("merge") if row.takes == "model"]
    if options.methods:
        methods = [row for row in methods if row.name in options.methods]
    target = options.data_dir / "bench" / "merge-methods.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {}
    for seeds, rows in enumerate(measured(cache, methods, options.seeds), start=1):
        # After each seed: a run that is ended early keeps those that it has.
        figures = {
            "schema": 1, "benchmark": "merge-methods", "version": VERSION, "seeds": seeds, "domains": list(zoo.DOMAINS),
            "split": "test", "rows": [row.figures() for row in rows],
        }  # fmt: skip
        target.write_text(json.dumps(figures, indent=2) + "\n")
    sys.stdout.write(table(figures) + "\n")
    sys.stderr.write(f"Kept in {target}\n")
    return 0


def measured(cache: Path, methods: Iterable[Method], seeds: int) -> Iterator[list[Row]]:
    """The base and each fine-tune as they are, then every method; given anew after each seed."""
    from workers.demo.training import measure

    rows = [Row(name, 0) for name in EXPERTS.values()]
    rows += [Row(method.name, min(len(zoo.TUNED), method.maximum_sources or len(zoo.TUNED))) for method in methods]
    by_name = {row.method: row for row in rows}
    with tempfile.TemporaryDirectory(dir=cache, prefix="bench-") as name:
        for seed in range(seeds):
            folders = {entry: folder_of(cache, zoo.entry_get(f"{entry}@{seed}")) / "out" for entry in EXPERTS.values()}
            accuracy = {entry: _accuracy(measure(cache, folder, split="test")) for entry, folder in folders.items()}
            reference = {domain: accuracy[expert][domain] for domain, expert in EXPERTS.items()}
            for entry in folders:
                _note(by_name[entry].domains, accuracy[entry], reference)
            for method in methods:
                sys.stderr.write(f"Seed {seed}: {method.name}\n")
                row = by_name[method.name]
                made = _merge(Path(name), method, folders, seed, row)
                _note(row.domains, _accuracy(measure(cache, made, split="test")), reference)
                shutil.rmtree(made)
                _choose_scale(cache, Path(name) / "scaled", method, seed, row, reference)
            yield rows


def _choose_scale(cache: Path, scratch: Path, method: Method, seed: int, row: Row, reference: dict[str, float]) -> None:
    """The multiple of the preset that is best on the validation split, and what it gives on the test split."""
    from workers.demo.sweep import merge_folder
    from workers.demo.training import measure

    scale = method.parameter("lambda")
    if scale is None or method.maximum_sources is not None:
        return
    means = {}
    for value in [multiple * float(scale.default) for multiple in MULTIPLES]:
        made = merge_folder(cache, seed, {"method": method.name, "lambda": value}, scratch)
        means[value] = mean(_accuracy(measure(cache, made)).values())
        shutil.rmtree(scratch)
    best = max(means, key=lambda value: means[value])
    made = merge_folder(cache, seed, {"method": method.name, "lambda": best}, scratch)
    row.scales.append(best)
    _note(row.scaled, _accuracy(measure(cache, made, split="test")), reference)
    shutil.rmtree(scratch)


def recipe_of(method: Method, folders: dict[str, Path], seed: int) -> dict[str, Any]:
    """All fine-tunes at the method's presets, or the first few where it takes no more."""
    sources = [str(folders[f"digits-vit-{domain}"]) for domain in zoo.TUNED][: method.maximum_sources]
    recipe: dict[str, Any] = {"kind": "merge", "method": method.name, "seed": seed, **SETTINGS.get(method.name, {})}
    if method.needs_base:
        recipe["base"] = str(folders[BASE])
    if method.learn:
        cache = folders[BASE].parents[1]
        recipe["data"] = [{"data": str(cache / zoo.data_name(domain)), "split": "train"} for domain in zoo.TUNED][
            : method.maximum_sources
        ]
    return recipe | {"sources": [{"model": source} for source in sources]}


def table(figures: dict[str, Any]) -> str:
    """As text, the best first. Notes stand below."""
    lines = [f"{'':20}{'mean':>8}{'worst':>8}  {'of':10}{'scaled':>8}{'seconds':>9}{'memory':>10}  sources"]
    rows = sorted(figures["rows"], key=lambda row: -row["mean"])
    for row in rows:
        seconds = f"{row['seconds']:.2f}" if row["seconds"] is not None else "–"
        memory = f"{row['peak_memory_bytes'] / MIB:.0f} MiB" if row["peak_memory_bytes"] is not None else "–"
        scaled = f"{row['scaled']['mean']:.3f}" if row["scaled"] else "–"
        lines.append(
            f"{row['method']:20}{row['mean']:>8.3f}{row['worst']:>8.3f}  {row['worst_domain']:10}{scaled:>8}{seconds:>9}{memory:>10}"
            f"  {row['sources'] or 'none'}"
        )
    notes = [f"{row['method']}: {row['note']}" for row in rows if row["note"]]
    return "\n".join([*lines, "", *notes])


def _train(cache: Path, seeds: int) -> None:
    """Nothing to do where the demo has been here."""
    command = [sys.executable, "-m", "workers.demo.make", str(cache), "--seeds", str(seeds), "--only-study"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def _merge(scratch: Path, method: Method, folders: dict[str, Path], seed: int, row: Row) -> Path:
    """As a process of its own, so that its time and memory are its own."""
    recipe, out = scratch / "recipe.json", scratch / "out"
    recipe.write_text(json.dumps(recipe_of(method, folders, seed)))
    command = [sys.executable, "-m", "workers.cli", str(recipe), str(out), "--threads", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=scratch)
    if done.returncode:
        raise RuntimeError(f"{method.name}: {done.stderr[-2000:]}")
    cost = json.loads((out / "report.json").read_text())["cost"]
    row.seconds.append(float(cost["wall_s"]))
    row.memory.append(int(cost["peak_memory_bytes"]))
    return out


def _accuracy(scores: Any) -> dict[str, float]:
    return {domain: float(scores[domain]["value"]) for domain in zoo.DOMAINS}


def _note(domains: dict[str, list[float]], accuracy: dict[str, float], reference: dict[str, float]) -> None:
    for domain in zoo.DOMAINS:
        domains.setdefault(domain, []).append(accuracy[domain] / reference[domain])


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="genepool bench merge-methods", description="How good every merge method is on the demo's digits, and what it costs.",
    )  # fmt: skip
    parser.add_argument("--seeds", type=int, default=len(zoo.SEEDS), help="of the demo zoo (default: %(default)s)")
    parser.add_argument("--methods", nargs="+", help="only these (default: all that need no data)")
    parser.add_argument(
        "--data-dir", type=Path, default=Path(os.environ.get("GENEPOOL_DATA") or ".genepool"), help="where zoo and figures lie",
    )  # fmt: skip
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
