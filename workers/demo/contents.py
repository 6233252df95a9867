"""CONTENTS: `zoo.json`, what the trained cache holds, in the order in which it can be published: parents first."""

import json
from pathlib import Path
from typing import Any

from workers.demo import cards, zoo
from workers.demo.cache import content_key, folder_of, key_of, made_get, made_put
from workers.demo.sweep import SWEPT, sweep_table
from workers.demo.task_vector import write_task_vector
from workers.demo.training import OUT

FILE = "zoo.json"


def write_index(cache: Path, seeds: int) -> Path:
    entries = [entry for entry in zoo.ENTRIES if entry.seed < seeds]
    sweep = sweep_table(cache, seeds)
    document = {
        "schema": 1,
        "namespace": zoo.NAMESPACE,
        "seeds": list(range(seeds)),
        "datasets": [{"name": zoo.data_name(domain), "folder": zoo.data_name(domain)} for domain in zoo.DOMAINS],
        "models": [*(_model_row(entry) for entry in entries), _task_vector_row(cache)],
        "merge": {
            "name": zoo.MERGED,
            "recipes": {seed: zoo.merge_recipe(zoo.CHOSEN, seed) for seed in range(seeds)},
            "section": cards.merged_section(sweep),
        },
        "compared": list(SWEPT),
        "also_measured": [entry.name for entry in entries if entry.seed == 0 and entry.name not in SWEPT],
        "sweep": sweep,
    }
    path = cache / FILE
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return draft.replace(path)


def _model_row(entry: zoo.Entry) -> dict[str, Any]:
    parents = (
        [{"type": "model", "name": entry.parent, "seed": entry.seed, "relation": entry.relation}]
        if entry.parent
        else []
    )
    parents += [
        {"type": "dataset", "name": item["data"].split("/")[1], "seed": 0, "relation": "trained_on"}
        for item in entry.recipe["data"]
    ]
    return {
        "name": entry.name, "seed": entry.seed, "branches": list(zoo.branches_of(entry.seed)), "folder": f"{key_of(entry)}/{OUT}", "parents": parents,
    }  # fmt: skip


def _task_vector_row(cache: Path) -> dict[str, Any]:
    tuned, base = zoo.entry_get(f"{zoo.TASK_VECTOR_OF}@0"), zoo.entry_get("digits-vit-base@0")
    folder = cache / content_key([zoo.TASK_VECTOR, key_of(tuned)])
    if made_get(folder) is None:
        digest = write_task_vector(folder_of(cache, tuned) / OUT, folder_of(cache, base) / OUT, folder / OUT)
        parameters = (made_get(folder_of(cache, tuned)) or {})["parameters"]
        (folder / OUT / "README.md").write_text(cards.task_vector_card(parameters), encoding="utf-8")
        made_put(folder, {"entry": zoo.TASK_VECTOR, "tensor_digest": digest})
    return {
        "name": zoo.TASK_VECTOR, "seed": 0, "branches": ["main"], "folder": f"{folder.name}/{OUT}",
        "parents": [
            {"type": "model", "name": tuned.name, "seed": 0, "relation": "delta_of"}, {"type": "model", "name": base.name, "seed": 0, "relation": "base"},
        ],
    }  # fmt: skip
