"""One method on one seed of the demo zoo: made, measured, and its cost. What was measured already is read, not made again."""

import contextlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from workers.bench.tuning import tries
from workers.contracts.methods import Method
from workers.demo import zoo
from workers.demo.cache import folder_of, made_put

BASE = "digits-vit-base"
EXPERTS = {"clean": BASE, **{domain: f"digits-vit-{domain}" for domain in zoo.TUNED}}
# Where a preset cannot be meant for a model of four layers.
SETTINGS: dict[str, dict[str, Any]] = {"layer_swap": {"bottom": 1, "top": 1, "transition": 0}}


@dataclass
class Study:
    """One seed's models, and the accuracy on each domain's test split of the model that was made for it."""

    cache: Path
    seed: int
    folders: dict[str, Path] = field(init=False)
    reference: dict[str, float] = field(init=False)

    def __post_init__(self) -> None:
        entries = {name: zoo.entry_get(f"{name}@{self.seed}") for name in EXPERTS.values()}
        self.folders = {name: folder_of(self.cache, entry) / "out" for name, entry in entries.items()}
        self.reference = {domain: self.accuracy(self.folders[name])[domain] for domain, name in EXPERTS.items()}

    def accuracy(self, folder: Path, split: str = "test") -> dict[str, float]:
        from workers.demo.training import measure

        scores = measure(self.cache, folder, split=split)
        return {domain: float(scores[domain]["value"] or 0.0) for domain in zoo.DOMAINS}

    def normalised(self, folder: Path) -> dict[str, float]:
        accuracy = self.accuracy(folder)
        return {domain: accuracy[domain] / self.reference[domain] for domain in zoo.DOMAINS}


def recipe_of(method: Method, folders: dict[str, Path], seed: int, **settings: Any) -> dict[str, Any]:
    """All fine-tunes at the method's presets, or the first few where it takes no more."""
    domains = zoo.TUNED[: method.maximum_sources]
    recipe: dict[str, Any] = {"kind": "merge", "method": method.name, "seed": seed, **SETTINGS.get(method.name, {})}
    if method.needs_base:
        recipe["base"] = str(folders[BASE])
    if method.learn:
        cache = folders[BASE].parents[1]
        recipe["data"] = [{"data": str(cache / zoo.data_name(domain)), "split": "train"} for domain in domains]
    recipe["sources"] = [{"model": str(folders[f"digits-vit-{domain}"])} for domain in domains]
    return recipe | settings


def cell_of(study: Study, method: Method, kept: Path, *, commit: str, alone: bool) -> dict[str, Any]:
    """What `method` is worth on this seed. `alone`: in a process of its own besides, so that its time and memory are its own."""
    folder = kept / f"{method.name}@{study.seed}"
    stamp = [method.revision, recipe_of(method, study.folders, study.seed), tries(method)]
    made = _kept(folder, stamp)
    if made is not None:
        return made
    cell: dict[str, Any] = {"stamp": stamp, "commit": commit}
    with tempfile.TemporaryDirectory(dir=study.cache, prefix="bench-") as name:
        scratch = Path(name)
        if alone:
            cell |= _cost(recipe_of(method, study.folders, study.seed), scratch)
        means: list[float] = []
        for settings in tries(method) or [{}]:
            out = merged(recipe_of(method, study.folders, study.seed, **settings), scratch)
            means.append(mean(study.accuracy(out, "validation").values()))
            if len(means) == 1:
                cell["domains"] = study.normalised(out)
                cell["learned"] = _learned(out)
            if tries(method) and means[-1] == max(means) and means.index(means[-1]) == len(means) - 1:
                cell["chosen"] = {"settings": settings, "domains": study.normalised(out)}
            shutil.rmtree(out)
    folder.mkdir(parents=True, exist_ok=True)
    made_put(folder, cell)
    return cell


def _kept(folder: Path, stamp: list[Any]) -> dict[str, Any] | None:
    from workers.demo.cache import made_get

    found = made_get(folder)
    return found if found is not None and found["stamp"] == json.loads(json.dumps(stamp)) else None


def merged(recipe: dict[str, Any], scratch: Path) -> Path:
    """The folder that `recipe` makes, in this process. Raises RuntimeError with what was found."""
    from workers import cli

    path, out = scratch / "recipe.json", scratch / "out"
    path.write_text(json.dumps(recipe))
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = cli.main([str(path), str(out), "--threads", "1"])
    if code:
        raise RuntimeError(f"{recipe['method']}: {said.getvalue()[-2000:]}")
    return out


def _cost(recipe: dict[str, Any], scratch: Path) -> dict[str, Any]:
    path, out = scratch / "alone.json", scratch / "alone"
    path.write_text(json.dumps(recipe))
    command = [sys.executable, "-m", "workers.cli", str(path), str(out), "--threads", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=scratch)
    if done.returncode:
        raise RuntimeError(f"{recipe['method']}: {done.stderr[-2000:]}")
    cost = json.loads((out / "report.json").read_text())["cost"]
    shutil.rmtree(out)
    return {"seconds": float(cost["cpu_s"]), "peak_memory_bytes": int(cost["peak_memory_bytes"])}


def _learned(out: Path) -> dict[str, Any] | None:
    found = json.loads((out / "report.json").read_text()).get("learning")
    return None if found is None else {name: found[name] for name in ("loss", "mean_coefficients") if name in found}
