"""Writes the four digit datasets as folders that can be published as they are."""

from pathlib import Path

from workers.demo.cards import dataset_card
from workers.demo.zoo import data_name


def write_dataset(cache: Path, domain: str) -> Path:
    """`data/<split>.safetensors` and the card. Gives the folder."""
    from safetensors.numpy import save_file

    from workers.engine.data.digits import SPLITS, domain_split

    folder = cache / data_name(domain)
    (folder / "data").mkdir(parents=True, exist_ok=True)
    counts = {}
    for split in SPLITS:
        images, labels, index = domain_split(domain, split)
        save_file({"images": images, "labels": labels, "index": index}, folder / "data" / f"{split}.safetensors")
        counts[split] = len(labels)
    (folder / "README.md").write_text(dataset_card(domain, counts), encoding="utf-8")
    return folder
