"""How far to trust a ranking: `python -m workers.demo.trust ZOO WORK` fine-tunes every model of a trained zoo on small labelled
samples, ranks them on the same samples, and prints how the two orders agree. Run by hand; its table stands in the docs.
"""

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workers.contracts.estimators import ESTIMATORS
from workers.contracts.facts import RepoFacts
from workers.contracts.jobs import Input, InputFile, JobRequest
from workers.demo.cache import folder_of, made_get
from workers.demo.ports import local_ports
from workers.demo.training import OUT
from workers.demo.zoo import ENTRIES
from workers.jobs.outputs import file_sha256, write_json
from workers.planning.folder import facts_of_folder

SAMPLE = 200
EPOCHS = 10
SEEDS = (0, 1, 2)  # of fine-tuning: one alone is noise as large as what is to be told apart
# The digits that are asked for, and what of them: the classes themselves, or questions that no model of the zoo was trained for.
TARGETS = (
    ("rotated", "digit"), ("shifted", "digit"), ("noisy", "digit"), ("clean", "parity"), ("rotated", "parity"), ("noisy", "loops"),
)  # fmt: skip
_LOOPS = np.array([1, 0, 0, 0, 1, 0, 1, 0, 2, 1])  # closed rings in each digit as it is written in the data


@dataclass(frozen=True)
class Target:
    domain: str
    question: str

    @property
    def name(self) -> str:
        return f"{self.domain}-{self.question}"

    def labels(self, digits: Any) -> Any:
        return {"digit": digits, "parity": digits % 2, "loops": _LOOPS[digits]}[self.question].astype(np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m workers.demo.trust", description=__doc__)
    parser.add_argument("zoo", type=Path, help="a cache folder that workers.demo.make filled")
    parser.add_argument(
        "work", type=Path, help="where results are kept: a second run goes on where the first one stopped"
    )
    options = parser.parse_args()
    models = dict(zoo_models(options.zoo))
    tables = [measured(options.work, Target(*target), models) for target in TARGETS]
    print(table_text(tables, models=len(models)))


def zoo_models(cache: Path) -> Iterable[tuple[str, Path]]:
    """Name and folder of every whole model that lies finished in the cache."""
    for entry in ENTRIES:
        folder = folder_of(cache, entry)
        if made_get(folder) is not None and (folder / OUT / "model.safetensors").is_file():
            yield f"demo/{entry.name}@seed-{entry.seed}", folder / OUT


def measured(work: Path, target: Target, models: dict[str, Path]) -> dict[str, Any]:
    """For one target {estimator: scores}, and under `tuned` what fine-tuning came to, each in the order of `models`."""
    data = sample_write(work / target.name / "data", target)
    tuned = []
    for name, folder in models.items():
        accuracies = []
        for seed in SEEDS:
            note = work / target.name / "tuned" / f"{name.replace('/', '-')}-{seed}.json"
            if not note.is_file():
                write_json(note, {"accuracy": fine_tuned(note.with_suffix(""), name, folder, data, seed)})
            accuracies.append(json.loads(note.read_text(encoding="utf-8"))["accuracy"])
        tuned.append(float(np.mean(accuracies)))
    report = ranked(work / target.name / "ranked", models, data)
    scores = {row["model"]["reference"]: row["scores"] for row in report["results"]}
    columns = {row.name: [scores[name][row.name] for name in models] for row in ESTIMATORS}
    print(
        f"{target.name}: fine-tuned {min(tuned):.3f} to {max(tuned):.3f}, baseline {report['baseline']:.3f}", flush=True
    )
    return {"target": target.name, "tuned": tuned, "scores": columns}


def sample_write(folder: Path, target: Target) -> Path:
    """`SAMPLE` examples that no model has seen as `train`, and the test split, on which fine-tuning is measured, as `validation`."""
    from safetensors.numpy import save_file

    from workers.engine.data.digits import domain_split

    for split, source, count in (("train", "validation", SAMPLE), ("validation", "test", None)):
        images, labels, index = (array[:count] for array in domain_split(target.domain, source))
        path = folder / "data" / f"{split}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({"images": images, "labels": target.labels(labels), "index": index}, path)
    return folder


def fine_tuned(root: Path, name: str, model: Path, data: Path, seed: int) -> float:
    """Accuracy on the test split after training all weights, and a new last layer, on the sample."""
    from workers.jobs import train

    recipe = {
        "kind": "train", "model": name, "new_head": True, "data": [{"data": "demo/sample", "split": "train"}], "epochs": EPOCHS,
        "batch_size": 32, "learning_rate": 1e-3, "weight_decay": 0.05, "warmup_ratio": 0.1, "seed": seed, "output": {"repo": "demo/tuned"},
    }  # fmt: skip
    inputs = (_input("model", 0, name, model), _input("data", 0, "demo/sample", data))
    request = JobRequest(kind="train", recipe=recipe, inputs=inputs, seed=seed)
    result = train.run(local_ports(root, request, {("model", 0): model, ("data", 0): data}))
    return float(result.report["validation"][0]["metrics"]["accuracy"]["value"])


def ranked(root: Path, models: dict[str, Path], data: Path) -> dict[str, Any]:
    from workers.jobs import rank

    inputs = [_input("model", index, name, folder) for index, (name, folder) in enumerate(models.items())]
    folders = {("model", index): folder for index, folder in enumerate(models.values())} | {("data", 0): data}
    recipe = {"kind": "rank", "models": list(models), "data": [{"data": "demo/sample", "split": "train"}], "seed": 0}
    request = JobRequest(kind="rank", recipe=recipe, inputs=(*inputs, _input("data", 0, "demo/sample", data)))
    return rank.run(local_ports(root, request, folders)).report


def table_text(tables: list[dict[str, Any]], *, models: int) -> str:
    """One line per estimator: Spearman's ρ and the weighted τ with the accuracy after fine-tuning, per target and their mean."""
    from workers.statistics.correlation import spearman, weighted_tau

    by_chance = np.mean([max(table["tuned"]) - np.mean(table["tuned"]) for table in tables])
    lines = [
        f"{models} models, {len(tables)} samples of {SAMPLE} examples, {EPOCHS} epochs of fine-tuning, mean of {len(SEEDS)} runs.",
        f"A model chosen by chance: {100 * by_chance:.1f} points below the best",
    ]
    for row in ESTIMATORS:
        cells, means = [], []
        for table in tables:
            scores, tuned = np.array(table["scores"][row.name]), np.array(table["tuned"])
            rho, tau = spearman(scores, tuned), weighted_tau(scores, tuned)
            if rho is None or tau is None:
                cells.append("undefined")
                continue
            cells.append(f"{table['target']} ρ {rho.value:+.2f} ({rho.low:+.2f} to {rho.high:+.2f}) τ {tau.value:+.2f}")
            means.append((rho.value, tau.value, _regret(scores, tuned)))
        rho, tau, regret = (float(value) for value in np.mean(means, axis=0))
        lines.append(
            f"{row.label}: mean ρ {rho:+.2f}, mean τ {tau:+.2f}, first choice {100 * regret:.1f} points below the best"
        )
        lines += [f"    {cell}" for cell in cells]
    return "\n".join(lines)


def _regret(scores: Any, tuned: Any) -> float:
    """How much accuracy it costs to fine-tune the highest-ranked model in place of the best one."""
    return float(tuned.max() - tuned[int(scores.argmax())])


def _input(role: Any, index: int, name: str, folder: Path) -> Input:
    facts = (
        facts_of_folder(folder)
        if role == "model"
        else RepoFacts(repo_type="dataset", columns={"images": "image", "labels": "int64"})
    )
    files = tuple(
        InputFile(path=path.relative_to(folder).as_posix(), size_bytes=path.stat().st_size, sha256=file_sha256(path))
        for path in sorted(folder.rglob("*.safetensors"))
    )
    return Input(
        role=role,
        index=index,
        reference=name,
        facts=facts.model_copy(update={"repo": name.partition("@")[0]}),
        files=files,
    )


if __name__ == "__main__":
    main()
