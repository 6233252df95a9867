"""`python -m workers.bench.merge --against-mergekit`: the same recipe files through mergekit and through us, as whole processes.

Rounds alternate between the two, over a warm page cache. Beside it: how linear stands to plainly reading and writing the same
bytes, a whole run on a small family, and memory at two depths.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workers.bench.agreement import agreement
from workers.bench.family import SOURCES, family_make, family_sized
from workers.bench.processes import Measured, measured, own_command, plain_environment
from workers.contracts.version import VERSION

MIB = 2**20
METHODS = ("linear", "slerp", "dare_ties", "ties")
# mergekit takes minutes for these where it takes seconds for the others.
SLOW = ("ties", "dare_ties")
SMALL_MB = 7
DEPTHS = (4, 16)
_DENSITY = 0.5


@dataclass
class Duel:
    """One recipe file, and what either side took for it in each round."""

    method: str
    recipe: Path
    base: Path
    model_bytes: int
    theirs: list[Measured] = field(default_factory=list)
    ours: list[Measured] = field(default_factory=list)
    share: float | None = None
    agrees: bool | None = None


def recipe_of(method: str, folders: list[Path]) -> dict[str, Any]:
    """A recipe in mergekit's own form. JSON is YAML, so the file goes to both sides as it is."""
    base, *tuned = map(str, folders)
    if method == "slerp":
        models: list[dict[str, Any]] = [{"model": base}, {"model": tuned[0]}]
        return {
            "merge_method": method,
            "base_model": base,
            "models": models,
            "parameters": {"t": 0.4},
            "dtype": "bfloat16",
        }
    each = {"weight": 1.0} if method == "linear" else {"weight": 1.0, "density": _DENSITY}
    recipe = {
        "merge_method": method,
        "models": [{"model": model, "parameters": each} for model in tuned],
        "dtype": "bfloat16",
    }
    return recipe if method == "linear" else recipe | {"base_model": base, "parameters": {"normalize": True}}


def run(options: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """All figures. `scratch` is on the disk to be measured, and empty."""
    mergekit = options.mergekit if options.mergekit.exists() else None
    if mergekit is None:
        _say(f"There is no {options.mergekit}, so only our own side is measured. `make parity` makes that environment.")
    chosen = [method for method in METHODS if method in options.methods]
    families: dict[float, list[Path]] = {}
    duels = []
    for method in chosen:
        megabytes = options.slow_megabytes if method in SLOW else options.megabytes
        if megabytes not in families:
            _say(f"Writing a family of {megabytes:g} MB each …")
            families[megabytes] = family_make(scratch / f"family-{megabytes:g}", **family_sized(megabytes * 1e6))
        folders = families[megabytes]
        recipe = scratch / f"{method}.yml"
        recipe.write_text(json.dumps(recipe_of(method, folders)))
        duels.append(Duel(method, recipe, folders[0], (folders[0] / "model.safetensors").stat().st_size))
    small = family_make(scratch / "small", **family_sized(SMALL_MB * 1e6))
    small_recipe = scratch / "small.yml"
    small_recipe.write_text(json.dumps(recipe_of("linear", small)))
    # Once unmeasured: the programs themselves, and every input, are in the page cache afterwards.
    _ours(small_recipe, scratch, options.threads)
    if mergekit is not None:
        _theirs(mergekit, small_recipe, scratch, options.threads)
    small_runs, floors, engine = [], [], []
    for number in range(1, options.rounds + 1):
        _say(f"Round {number} of {options.rounds}")
        for duel in duels:
            _warm(scratch, duel)
            if mergekit is not None:
                duel.theirs.append(_theirs(mergekit, duel.recipe, scratch, options.threads))
            duel.ours.append(_ours(duel.recipe, scratch, options.threads))
            if duel.method == "linear":
                engine.append(_cost(scratch / "ours"))
                floors.append(_copied(duel, scratch))
            if mergekit is not None and number == options.rounds:
                duel.share, duel.agrees = agreement(
                    scratch / "ours", scratch / "theirs", duel.base, by_lot=duel.method == "dare_ties"
                )
        small_runs.append(_ours(small_recipe, scratch, options.threads))
    figures = {
        "schema": 1, "benchmark": "merge-against-mergekit", "version": VERSION, "cores": os.cpu_count(), "load": os.getloadavg()[0],
        "threads": options.threads, "rounds": options.rounds, "sources": SOURCES, "dtype": "bfloat16",
        "rows": [_row(duel) for duel in duels], "small": {"megabytes": SMALL_MB, **_side(small_runs)},
        "depths": [_depth(scratch, method, options.threads) for method in chosen],
    }  # fmt: skip
    if floors:
        figures["floor"] = {
            "engine_s": statistics.median(engine), "copy_s": statistics.median(floors),
            "times_copy": statistics.median(engine) / statistics.median(floors),
        }  # fmt: skip
    return figures


def _ours(recipe: Path, scratch: Path, threads: int) -> Measured:
    out = _fresh(scratch / "ours")
    return measured(own_command("merge", str(recipe), str(out), "--threads", str(threads)), scratch)


def _theirs(mergekit: Path, recipe: Path, scratch: Path, threads: int) -> Measured:
    out = _fresh(scratch / "theirs")
    command = [str(mergekit), str(recipe), str(out), "--lazy-unpickle", "--no-copy-tokenizer", "-j", str(threads)]
    return measured(command, scratch, plain_environment(OMP_NUM_THREADS=str(threads)))


def _copied(duel: Duel, scratch: Path) -> float:
    """Seconds that reading the same inputs and writing as much takes, start-up excluded."""
    target = scratch / "copied"
    files = [str(folder / "model.safetensors") for folder in sorted(duel.base.parent.glob("tuned-*"))]
    printed = measured([sys.executable, "-m", "workers.bench.copy", *files, str(target)], scratch).text
    target.unlink()
    return float(json.loads(printed)["wall_s"])


def _depth(scratch: Path, method: str, threads: int) -> dict[str, Any]:
    """Peak memory at two depths of one width."""
    peaks = []
    for layers in DEPTHS:
        root = scratch / f"depth-{layers}"
        folders = family_make(root, layers=layers, width=512, vocabulary=4096)
        recipe = scratch / "depth.yml"
        recipe.write_text(json.dumps(recipe_of(method, folders)))
        peaks.append(_ours(recipe, scratch, threads).peak_bytes)
        shutil.rmtree(root)
    return {"method": method, "layers": list(DEPTHS), "peak_memory_bytes": peaks}


def _cost(out: Path) -> float:
    return float(json.loads((out / "report.json").read_text())["cost"]["wall_s"])


def _warm(scratch: Path, duel: Duel) -> None:
    buffer = bytearray(8 * MIB)
    for path in sorted(duel.base.parent.glob("*/model.safetensors")):
        with path.open("rb", buffering=0) as file:
            while file.readinto(buffer):
                pass


def _fresh(out: Path) -> Path:
    shutil.rmtree(out, ignore_errors=True)
    return out


def _side(runs: list[Measured]) -> dict[str, Any]:
    def middle(value: Callable[[Measured], float]) -> float:
        return statistics.median(value(each) for each in runs)

    return {
        "seconds": middle(lambda each: each.seconds), "seconds_all": [each.seconds for each in runs],
        "cpu_seconds": middle(lambda each: each.cpu_seconds), "peak_memory_bytes": int(middle(lambda each: each.peak_bytes)),
    }  # fmt: skip


def _row(duel: Duel) -> dict[str, Any]:
    row: dict[str, Any] = {"method": duel.method, "model_bytes": duel.model_bytes, "ours": _side(duel.ours)}
    if duel.theirs:
        theirs = row["mergekit"] = _side(duel.theirs)
        row |= {
            "times_faster": theirs["seconds"] / row["ours"]["seconds"],
            "times_less_cpu": theirs["cpu_seconds"] / row["ours"]["cpu_seconds"],
            "share_of_memory": row["ours"]["peak_memory_bytes"] / max(theirs["peak_memory_bytes"], 1),
            "distance": duel.share, "agrees": duel.agrees,
        }  # fmt: skip
    return row


def table(figures: dict[str, Any]) -> str:
    """As text: both sides of each method, their ratios, then the rest."""
    lines = [
        f"{figures['rounds']} rounds, {figures['threads']} threads, {figures['cores']} cores, load {figures['load']:.1f} at the end", "",
        f"{'':12}{'each':>9}{'mergekit':>11}{'ours':>9}{'faster':>9}{'less CPU':>10}{'mergekit':>12}{'ours':>10}{'memory':>9}  result",
    ]  # fmt: skip
    for row in figures["rows"]:
        ours, theirs = row["ours"], row.get("mergekit")
        line = f"{row['method']:12}{row['model_bytes'] / 1e6:>6.0f} MB"
        if theirs is None:
            lines.append(f"{line}{'–':>11}{ours['seconds']:>7.2f} s{ours['peak_memory_bytes'] / MIB:>44.0f} MiB")
            continue
        verdict = "agrees" if row["agrees"] else "DIFFERS"
        lines.append(
            f"{line}{theirs['seconds']:>9.2f} s{ours['seconds']:>7.2f} s{row['times_faster']:>8.1f}×{row['times_less_cpu']:>9.1f}×"
            f"{theirs['peak_memory_bytes'] / MIB:>8.0f} MiB{ours['peak_memory_bytes'] / MIB:>6.0f} MiB{row['share_of_memory']:>8.2f}×"
            f"  {verdict} ({row['distance']:.3f})"
        )
    small = figures["small"]
    lines += [
        "",
        f"whole run, {small['megabytes']} MB each: {small['seconds']:.2f} s ({small['cpu_seconds']:.2f} s of CPU)",
    ]
    if "floor" in figures:
        floor = figures["floor"]
        lines.append(
            f"linear beside plain read and write: {floor['engine_s']:.2f} s, {floor['copy_s']:.2f} s, {floor['times_copy']:.1f}×"
        )
    for depth in figures["depths"]:
        peaks = ", ".join(
            f"{peak / MIB:.0f} MiB at {layers} layers"
            for layers, peak in zip(depth["layers"], depth["peak_memory_bytes"], strict=True)
        )
        lines.append(f"memory of {depth['method']}: {peaks}")
    return "\n".join(lines)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
