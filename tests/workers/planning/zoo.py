"""Facts of models and datasets that exist only as headers: no weights, no torch."""

import hashlib
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.hostile.files import safetensors_bytes
from workers.contracts.facts import DTYPE_BYTES, FileFact, RepoFacts, TensorFact
from workers.contracts.findings import Finding
from workers.contracts.parsing import parse
from workers.contracts.plans import Check
from workers.planning.check import check
from workers.planning.weights import DTYPE_NAMES

Shapes = Mapping[str, tuple[int, ...]]


def vit_config(*, width: int = 8, blocks: int = 2, labels: int = 10, **more: Any) -> dict[str, Any]:
    return {
        "architectures": ["ViTForImageClassification"], "model_type": "vit", "hidden_size": width, "num_hidden_layers": blocks,
        "num_attention_heads": 2, "intermediate_size": 2 * width, "image_size": 8, "patch_size": 4, "num_channels": 1,
        "id2label": {str(index): f"LABEL_{index}" for index in range(labels)}, **more,
    }  # fmt: skip


def vit_shapes(*, width: int = 8, blocks: int = 2, labels: int = 10) -> dict[str, tuple[int, ...]]:
    inner = 2 * width
    shapes: dict[str, tuple[int, ...]] = {
        "vit.embeddings.cls_token": (1, 1, width), "vit.embeddings.position_embeddings": (1, 5, width),
        "vit.embeddings.patch_embeddings.projection.weight": (width, 1, 4, 4), "vit.embeddings.patch_embeddings.projection.bias": (width,),
        "vit.layernorm.weight": (width,), "vit.layernorm.bias": (width,), "classifier.weight": (labels, width), "classifier.bias": (labels,),
    }  # fmt: skip
    for block in range(blocks):
        for name, out, into in [(f"attention.{part}_proj", width, width) for part in "qkvo"] + [
            ("mlp.fc1", inner, width),
            ("mlp.fc2", width, inner),
        ]:
            shapes[f"vit.layers.{block}.{name}.weight"] = (out, into)
            shapes[f"vit.layers.{block}.{name}.bias"] = (out,)
        for name in ("layernorm_before", "layernorm_after"):
            shapes[f"vit.layers.{block}.{name}.weight"] = (width,)
            shapes[f"vit.layers.{block}.{name}.bias"] = (width,)
    return shapes


def facts_make(
    name: str,
    shapes: Shapes,
    *,
    dtype: str = "F32",
    dtypes: Mapping[str, str] | None = None,
    files: tuple[str, ...] = ("config.json",),
    **more: Any,
) -> RepoFacts:
    """A model repo `demo/<name>` at a commit of its own, all tensors in one file."""
    tensors: dict[str, TensorFact] = {}
    place = 1000
    for key, shape in shapes.items():
        stored = (dtypes or {}).get(key, dtype)
        size = DTYPE_BYTES[stored]
        for axis in shape:
            size *= axis
        tensors[key] = TensorFact(dtype=stored, shape=shape, file="model.safetensors", begin=place, end=place + size)
        place += size
    fields: dict[str, Any] = {
        "reference": f"demo/{name}", "repo": f"demo/{name}", "commit": hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest(), "artifact": "model",
        "architecture": "ViTForImageClassification", "licence": "Apache-2.0", "tensors": tensors, "dtype": DTYPE_NAMES[dtype],
        "parameters": sum(tensor.elements for tensor in tensors.values()),
        "files": tuple(FileFact(path=path, size_bytes=100) for path in (*files, "model.safetensors", "README.md", "genepool.json")),
    }  # fmt: skip
    return RepoFacts(**(fields | more))


def vit(
    name: str,
    *,
    width: int = 8,
    blocks: int = 2,
    labels: int = 10,
    dtype: str = "F32",
    config: Mapping[str, Any] | None = None,
    **more: Any,
) -> RepoFacts:
    settings = vit_config(width=width, blocks=blocks, labels=labels, **(config or {}))
    names = tuple(settings["id2label"].values())
    return facts_make(
        name,
        vit_shapes(width=width, blocks=blocks, labels=labels),
        dtype=dtype,
        **({"config": settings, "labels": names} | more),
    )


def dataset(
    name: str, *, splits: Mapping[str, int] | None = None, image: tuple[int, ...] = (1, 8, 8), **more: Any
) -> RepoFacts:
    counts = dict(splits or {"train": 100, "validation": 40, "test": 50})
    tensors = {
        f"{split}/images": TensorFact(
            dtype="F32", shape=(count, *image), file=f"data/{split}.safetensors", begin=0, end=4
        )
        for split, count in counts.items()
    }
    fields: dict[str, Any] = {
        "reference": f"demo/{name}", "repo": f"demo/{name}", "commit": "d" * 40, "repo_type": "dataset", "splits": counts, "tensors": tensors, "licence": "CC-BY-4.0",
        "columns": {"images": "image", "labels": "int64"},
    }  # fmt: skip
    return RepoFacts(**(fields | more))


def checked(document: dict[str, Any], *facts: RepoFacts) -> Check:
    """Parses and checks; what no fact is given for is not there."""
    parsed = parse(document)
    assert parsed.recipe is not None, parsed.findings
    from workers.planning.references import references_of

    known = {entry.repo: entry for entry in facts}
    return check(
        parsed.recipe, {text: known.get(text.partition("@")[0]) for _, _, text, _ in references_of(parsed.recipe)}
    )


def found(result: Check, code: str) -> Finding:
    (only,) = [finding for finding in result.findings if finding.code == code]
    return only


def codes(result: Check) -> set[str]:
    return {finding.code for finding in result.findings}


def write_model(
    folder: Path, shapes: Shapes, *, name: str = "model.safetensors", dtype: str = "F32", **others: str
) -> None:
    """A real file of zeros. `others` are tensors of another dtype."""
    folder.mkdir(parents=True, exist_ok=True)
    header: dict[str, Any] = {}
    place = 0
    for key, shape in shapes.items():
        size = DTYPE_BYTES[others.get(key, dtype)]
        for axis in shape:
            size *= axis
        header[key] = {"dtype": others.get(key, dtype), "shape": list(shape), "data_offsets": [place, place + size]}
        place += size
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(safetensors_bytes(header, struct.pack("x") * place))
