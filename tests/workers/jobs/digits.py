"""Small datasets of real digits, and requests over them."""

from pathlib import Path
from typing import Any

from safetensors.numpy import save_file

from workers.contracts.facts import RepoFacts
from workers.contracts.jobs import Input, InputFile, JobRequest
from workers.engine.data.digits import domain_split
from workers.jobs.outputs import file_sha256

ARCHITECTURE = {
    "model_type": "vit", "image_size": 8, "patch_size": 4, "num_channels": 1, "hidden_size": 16, "num_hidden_layers": 1,
    "num_attention_heads": 2, "intermediate_size": 16, "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.0,
    "id2label": {str(digit): str(digit) for digit in range(10)},
}  # fmt: skip


def dataset(folder: Path, domain: str = "clean", rows: int = 96) -> Path:
    (folder / "data").mkdir(parents=True)
    for split in ("train", "validation", "test"):
        images, labels, index = (array[:rows] for array in domain_split(domain, split))
        save_file({"images": images, "labels": labels, "index": index}, folder / "data" / f"{split}.safetensors")
    return folder


def entry(role: Any, index: int, name: str, folder: Path, **facts: Any) -> Input:
    files = tuple(
        InputFile(path=path.relative_to(folder).as_posix(), size_bytes=path.stat().st_size, sha256=file_sha256(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )
    return Input(
        role=role, index=index, reference=name, facts=RepoFacts(repo=name, commit=f"{index}" * 40, **facts), files=files
    )


def train_request(folder: Path, **changes: Any) -> JobRequest:
    recipe = {
        "kind": "train", "architecture": ARCHITECTURE, "data": [{"data": "demo/clean", "split": "train"}], "epochs": 3, "batch_size": 32,
        "learning_rate": 0.01, "warmup_ratio": 0.1, "seed": 5, "output": {"repo": "alice/trained"}, **changes,
    }  # fmt: skip
    return JobRequest(kind="train", recipe=recipe, inputs=(entry("data", 0, "demo/clean", folder),))
