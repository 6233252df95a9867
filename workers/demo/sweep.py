"""SWEEP: every candidate recipe, carried out by the merge job's own runner and measured on the validation split, seed by seed."""

import shutil
from pathlib import Path
from typing import Any

from workers.contracts.errors import UserError
from workers.contracts.facts import RepoFacts
from workers.contracts.jobs import Input, JobRequest
from workers.demo import cards, zoo
from workers.demo.cache import content_key, folder_of, key_of, made_get, made_put
from workers.demo.ports import Listener, local_ports
from workers.demo.training import OUT, measure

SWEPT = ("digits-vit-base", *(f"digits-vit-{domain}" for domain in zoo.TUNED))


def sweep(cache: Path, subject: str, listener: Listener) -> None:
    """Measures every candidate of the seed `subject`: mean validation accuracy over the domains, in the order of `zoo.CANDIDATES`."""
    seed, total = int(subject), len(zoo.CANDIDATES)
    folder = sweep_folder(cache, seed)
    if made_get(folder) is not None:
        return
    means = []
    for number, settings in enumerate(zoo.CANDIDATES):
        means.append(_candidate(cache, folder, seed, settings))
        listener(number + 1, total, str(settings["method"]))
    made_put(folder, {"means": means})


def sweep_table(cache: Path, seeds: int) -> list[dict[str, Any]]:
    """One row per candidate: `settings`, its mean of each seed, and their mean."""
    columns = [(made_get(sweep_folder(cache, seed)) or {})["means"] for seed in range(seeds)]
    rows = []
    for number, settings in enumerate(zoo.CANDIDATES):
        values = [column[number] for column in columns]
        rows.append({"settings": settings, "seeds": values, "mean": sum(values) / len(values)})
    return rows


def merge_folder(cache: Path, seed: int, settings: dict[str, Any], out: Path) -> Path:
    """Merges one seed's fine-tunes as `settings` say. Gives the folder with the result."""
    from workers.contracts.parsing import parse
    from workers.jobs import merge
    from workers.planning.check import check
    from workers.planning.folder import facts_of_folder

    document = zoo.merge_recipe(settings, seed)
    parsed = parse(document)
    if parsed.recipe is None:
        raise UserError("The zoo's merge recipe is wrong.", parsed.findings)
    references = ([document["base"]] if "base" in document else []) + [
        source["model"] for source in document["sources"]
    ]
    folders = {text: _model_folder(cache, text, seed) for text in references}
    facts: dict[str, RepoFacts | None] = {text: facts_of_folder(folder) for text, folder in folders.items()}
    checked = check(parsed.recipe, facts)
    if checked.plan is None:
        raise UserError("The zoo's models cannot be merged.", checked.findings)
    inputs: list[Input] = []
    places: dict[tuple[str, int], Path] = {}
    for text in references:
        role: Any = "base" if text == document.get("base") else "source"
        index = sum(item.role == role for item in inputs)
        inputs.append(Input(role=role, index=index, reference=text, facts=facts[text] or RepoFacts()))
        places[role, index] = folders[text]
    request = JobRequest(
        kind="merge", recipe=parsed.recipe.model_dump(mode="json"), inputs=tuple(inputs), plan=checked.plan, seed=seed
    )
    shutil.rmtree(out, ignore_errors=True)
    merge.run(local_ports(out, request, places))
    return out / OUT


def _candidate(cache: Path, folder: Path, seed: int, settings: dict[str, Any]) -> float:
    merged = merge_folder(cache, seed, settings, folder / "candidate")
    mean = cards.mean_accuracy(measure(cache, merged))
    shutil.rmtree(folder / "candidate")
    return mean


def sweep_folder(cache: Path, seed: int) -> Path:
    keys = [key_of(zoo.entry_get(f"{name}@{seed}")) for name in SWEPT]
    folder = cache / content_key(["sweep", keys, list(zoo.CANDIDATES)])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _model_folder(cache: Path, reference: str, seed: int) -> Path:
    name = reference.split("/")[1].split("@")[0]
    return folder_of(cache, zoo.entry_get(f"{name}@{seed}")) / OUT
