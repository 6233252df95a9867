"""Makes one entry of the zoo through the train job's own runner, and measures it on the validation split."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workers.contracts.facts import RepoFacts
from workers.contracts.jobs import Input, InputFile, JobRequest
from workers.contracts.plans import LicenceVerdict
from workers.demo import cards
from workers.demo.cache import folder_of, made_get, made_put
from workers.demo.ports import local_ports
from workers.demo.zoo import DOMAINS, NAMESPACE, Entry, data_name, entry_get
from workers.jobs.outputs import file_sha256

OUT, TASK = "out", "image-classification"


def make(cache: Path, key: str, listener: Callable[[float, float, str], None]) -> None:
    """Trains the entry `key` into the cache. Taken up where it was when an earlier try was cut short."""
    entry = entry_get(key)
    folder = folder_of(cache, entry)
    if made_get(folder) is not None:
        return
    from workers.jobs import train

    request, folders = _request(cache, entry)
    result = train.run(local_ports(folder, request, folders, listener))
    scores = measure(cache, folder / OUT, base=folders.get(("model", 0)))
    trained = result.report["parameters"]["trained"]
    (folder / OUT / "README.md").write_text(cards.model_card(entry, scores, trained), encoding="utf-8")
    shutil.rmtree(folder / "journal")
    made_put(
        folder, {"entry": entry.key, "tensor_digest": result.tensor_digest, "validation": scores, "parameters": trained}
    )


def measure(cache: Path, folder: Path, *, base: Path | None = None, split: str = "validation") -> cards.Scores:
    """Accuracy on a split of each domain, with its interval. An adapter is put on `base`."""
    from workers.contracts.tasks import task_get
    from workers.engine.data.examples import examples_of
    from workers.engine.data.splits import open_split
    from workers.engine.evaluate.tasks.classification import answer
    from workers.engine.predict.load import load_predictor
    from workers.statistics.scores import metrics_of

    task = task_get(TASK)
    if task is None:
        raise LookupError(f"the task table has no {TASK}")
    scores = {}
    with load_predictor(folder, task=TASK, name=folder.name, base_folder=base) as model:
        for domain in DOMAINS:
            opened = open_split(cache / data_name(domain), split, reference=data_name(domain))
            answers = answer(model, examples_of(opened, TASK), batch_size=128, options={})
            scores[domain] = metrics_of(task, answers, names=("accuracy",))["accuracy"]
    return scores


def _request(cache: Path, entry: Entry) -> tuple[JobRequest, dict[tuple[str, int], Path]]:
    inputs: list[Input] = []
    folders: dict[tuple[str, int], Path] = {}
    if entry.parent:
        parent = entry_get(entry.parent_key)
        folder = folder_of(cache, parent) / OUT
        facts = RepoFacts(repo=f"{NAMESPACE}/{parent.name}", artifact="model", licence="Apache-2.0")
        inputs.append(_input("model", 0, f"{NAMESPACE}/{parent.name}", facts, folder))
        folders["model", 0] = folder
    for number, item in enumerate(entry.recipe["data"]):
        folder = cache / item["data"].removeprefix(f"{NAMESPACE}/")
        inputs.append(_input("data", number, item["data"], RepoFacts(repo=item["data"], repo_type="dataset"), folder))
        folders["data", number] = folder
    return JobRequest(
        kind="train",
        recipe=entry.recipe,
        inputs=tuple(inputs),
        seed=entry.recipe["seed"],
        licence=LicenceVerdict(verdict="allow", licence=entry.licence),
    ), folders


def _input(role: Any, index: int, reference: str, facts: RepoFacts, folder: Path) -> Input:
    files = tuple(
        InputFile(path=path.relative_to(folder).as_posix(), size_bytes=path.stat().st_size, sha256=file_sha256(path))
        for path in sorted(folder.rglob("*.safetensors"))
    )
    return Input(role=role, index=index, reference=reference, facts=facts, files=files)
