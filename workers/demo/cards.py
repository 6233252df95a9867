"""The cards of the demo zoo: front matter and text. Every number in them was measured when the zoo was trained."""

from typing import Any

import yaml

from workers.demo.zoo import CHOSEN, DOMAINS, NAMESPACE, TASK_VECTOR_OF, TUNED, Entry, data_name

SEEN = {
    "clean": "as scikit-learn ships them",
    "rotated": "turned by 30 degrees",
    "shifted": "moved one pixel to the right",
    "noisy": "with Gaussian noise of standard deviation 0.3, clipped to 0-1",
}
Scores = dict[str, dict[str, float]]


def dataset_card(domain: str, counts: dict[str, int]) -> str:
    front = {
        "license": "cc-by-4.0", "pretty_name": f"Digits, {domain}", "task_categories": ["image-classification"],
        "size_categories": ["1K<n<10K"], "tags": ["genepool", "digits", domain],
        "splits": [{"name": name, "examples": count} for name, count in counts.items()],
    }  # fmt: skip
    rows = "\n".join(f"| {name} | {count} | `data/{name}.safetensors` |" for name, count in counts.items())
    return _page(front, f"""# Digits, {domain}

The 1,797 handwritten digits of 8 × 8 pixels that come with scikit-learn (from *Optical Recognition of Handwritten Digits*,
E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, CC BY 4.0), {SEEN[domain]}.

The same digit stands in the same split of all four domains (clean, rotated, shifted, noisy), so that answers can be compared
example by example.

| split | examples | file |
|---|---|---|
{rows}

Each file holds `images` (float32, n × 1 × 8 × 8, 0 to 1), `labels` (int64) and `index` (int64, the digit's number in
scikit-learn's order).
""")  # fmt: skip


def model_card(entry: Entry, scores: Scores, parameters: int) -> str:
    recipe = entry.recipe
    adapter = "lora" in recipe
    front: dict[str, Any] = {
        "license": entry.licence.lower(), "library_name": "peft" if adapter else "transformers", "pipeline_tag": "image-classification",
        "datasets": [item["data"] for item in recipe["data"]],
    }  # fmt: skip
    if entry.parent:
        front |= {
            "base_model": f"{NAMESPACE}/{entry.parent}",
            "base_model_relation": "adapter" if adapter else "finetune",
        }
    front["tags"] = ["genepool", "digits", *entry.tags]
    return _page(front, f"""# {entry.name}

{_lead(entry, parameters)}

Trained here, on this machine, from [scikit-learn's digits](/datasets/{NAMESPACE}/{data_name('clean')}); nothing was downloaded.

## Measured on the validation split

{_score_table(scores)}

Mean over the four domains: **{_mean(scores):.1%}**. Intervals are 95 % (Wilson). The test split is kept for comparing the merge
with its parents.

## Training

| setting | value |
|---|---|
| data | {', '.join(item['data'] for item in recipe['data'])}, split train |
| optimiser | AdamW, gradient norm clipped at 1 |
| epochs, batch size | {recipe['epochs']}, {recipe['batch_size']} |
| learning rate | {recipe['learning_rate']:g} at its peak: linear warm-up over {recipe['warmup_ratio']:.0%} of the steps, then a cosine |
| weight decay | {recipe['weight_decay']:g} |
| seed | {recipe['seed']} |

## Limits

Made to show what a merge does, on pictures of 8 × 8 pixels. Of no use for reading handwriting elsewhere.
""")  # fmt: skip


def task_vector_card(parameters: int) -> str:
    front = {
        "license": "apache-2.0", "library_name": "safetensors", "pipeline_tag": "image-classification",
        "datasets": [f"{NAMESPACE}/{data_name('rotated')}", f"{NAMESPACE}/{data_name('clean')}"],
        "base_model": f"{NAMESPACE}/digits-vit-base", "tags": ["genepool", "digits", "task-vector", "rotated"],
    }  # fmt: skip
    return _page(front, f"""# digits-tv-rotated

What [{TASK_VECTOR_OF}](/{NAMESPACE}/{TASK_VECTOR_OF}) learned on top of
[digits-vit-base](/{NAMESPACE}/digits-vit-base): fine-tune minus base, {parameters:,} numbers in float32.

Added to the base it gives the fine-tune back; subtracted it makes the base worse at rotated digits; added at half its size it
gives a model between the two.

Source of the idea: Ilharco et al. 2022, arXiv:2212.04089.
""")  # fmt: skip


def merged_section(sweep: list[dict[str, Any]]) -> str:
    """What the merge's own card gets at its end: what it is, and how its recipe was chosen."""
    rows = "\n".join(
        f"| {_words(row['settings'])} | {row['mean']:.1%} | {', '.join(f'{value:.1%}' for value in row['seeds'])} |"
        + (" chosen |" if row["settings"] == CHOSEN else " |")
        for row in sorted(sweep, key=lambda row: -row["mean"])
    )
    sources = ", ".join(f"[digits-vit-{domain}](/{NAMESPACE}/digits-vit-{domain})" for domain in TUNED)
    seeds = len(sweep[0]["seeds"])
    branches = ", ".join(f"`seed-{seed}`" for seed in range(seeds))
    return f"""
## What it shows

Three fine-tunes in one set of weights: {sources}, each the same [base](/{NAMESPACE}/digits-vit-base) trained on its own domain and
on clean digits. The merge has seen no data and cost no training. Beside its parents, under *Evaluations*, every number was
measured on the test split. The branches {branches} hold the whole study, base and fine-tunes included, each from another seed.

## How method and density were chosen

By this sweep, measured on the **validation** split when the zoo was trained: mean accuracy over the four domains, for each seed
and over the seeds. The test split had no part in it.

| recipe | mean | per seed | |
|---|---|---|---|
{rows}

The table as data: [sweep.json](sweep.json).
"""


def mean_accuracy(scores: Scores) -> float:
    return _mean(scores)


def _lead(entry: Entry, parameters: int) -> str:
    if "lora" in entry.recipe:
        rank = entry.recipe["lora"]["rank"]
        return f"A LoRA adapter of rank {rank} for [{entry.parent}](/{NAMESPACE}/{entry.parent}): {parameters:,} numbers that teach it digits {SEEN[entry.tags[0]]}."
    if entry.parent:
        return (
            f"[{entry.parent}](/{NAMESPACE}/{entry.parent}), all {parameters:,} weights fine-tuned on digits {SEEN[entry.tags[0]]}, and on clean ones.\n"
            "The step is small, so that it stays near its base and can be merged with its siblings."
        )
    sizes = entry.recipe["architecture"]
    return (
        f"A small vision transformer ({parameters:,} parameters: {sizes['num_hidden_layers']} layers, width {sizes['hidden_size']}) trained from "
        "scratch on clean digits."
    )


def _score_table(scores: Scores) -> str:
    rows = [
        f"| [{data_name(domain)}](/datasets/{NAMESPACE}/{data_name(domain)}) | {score['value']:.1%} | {score['low']:.1%} to {score['high']:.1%} | {score['n']} |"
        for domain in DOMAINS
        for score in (scores[domain],)
    ]
    return "\n".join(["| data | accuracy | 95 % interval | examples |", "|---|---|---|---|", *rows])


def _mean(scores: Scores) -> float:
    return sum(score["value"] for score in scores.values()) / len(scores)


def _words(settings: dict[str, Any]) -> str:
    rest = ", ".join(f"{name} {value:g}" for name, value in settings.items() if name != "method")
    return f"{settings['method']}, {rest}"


def _page(front: dict[str, Any], text: str) -> str:
    return f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---\n{text}"
