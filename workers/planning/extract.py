"""EXTRACT: what a repo is, from headers, configs and card alone. The hub calls it at each commit, the command line for a folder."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from workers.contracts.facts import FileFact, RepoFacts
from workers.contracts.findings import Finding
from workers.planning.architectures import shape_of
from workers.planning.card import CARD_BYTES, CARD_FILE, front_matter, text_of, texts_of
from workers.planning.components import PIPELINE_FILE, tensors_of_repo
from workers.planning.configs import (
    ADAPTER_CONFIG_FILE,
    CONFIG_FILE,
    MANIFEST_FILE,
    architecture_of,
    artifact_of,
    labels_of,
    read_object,
    task_of,
)
from workers.planning.data import Data, holds_data, read_data
from workers.planning.deltas import CONFIG_FILE as DELTA_CONFIG
from workers.planning.licence_names import licence_normalise
from workers.planning.weights import Read, main_dtype, read_headers

TOKENIZER_FILES = (
    "added_tokens.json", "merges.txt", "sentencepiece.bpe.model", "special_tokens_map.json", "spiece.model", "tokenizer.json",
    "tokenizer.model", "vocab.json", "vocab.txt",
)  # fmt: skip
_CHUNK = 2**20


def extract_facts(files: Iterable[tuple[str, int, str]], read: Read) -> tuple[RepoFacts, list[Finding]]:
    """Facts, and what was noticed: an error finding means that these files may not be kept.

    `files` are (path, size, sha256); `read(path, start, length)` gives bytes of one of them. The caller fills in what no
    file says: reference, repo, commit, visibility, and the repo type where it knows better.
    """
    listed = sorted(files)
    sizes = {path: size for path, size, _ in listed}
    config, findings = read_object(CONFIG_FILE, sizes, read)
    pipeline, pipeline_findings = read_object(PIPELINE_FILE, sizes, read)
    adapter, adapter_findings = read_object(ADAPTER_CONFIG_FILE, sizes, read)
    delta, delta_findings = read_object(DELTA_CONFIG, sizes, read)
    manifest, manifest_findings = read_object(MANIFEST_FILE, sizes, read)
    card, card_findings = _card(sizes, read)
    headers, header_findings = read_headers(sizes, read)
    is_dataset = not (config or pipeline or adapter or manifest.get("artifact")) and holds_data(sizes, card)
    tensors, tensor_findings = ({}, []) if is_dataset else tensors_of_repo(headers, sizes, read)
    data, data_findings = read_data(sizes, headers, card, read) if is_dataset else (Data(), [])
    findings += (
        pipeline_findings
        + adapter_findings
        + delta_findings
        + manifest_findings
        + card_findings
        + header_findings
        + tensor_findings
        + data_findings
    )
    tags = texts_of(card, "tags")
    base = texts_of(card, "base_model") or _adapter_base(adapter)
    # A dataset's tensors are listed too (`test/images`), so that their shapes can be checked; they are no parameters.
    parameters = 0 if is_dataset else sum(tensor.elements for tensor in tensors.values())
    dtype = "" if is_dataset else main_dtype(tensors.values())
    tensors = data.tensors if is_dataset else tensors
    is_onnx = any(path.endswith(".onnx") for path in sizes)
    facts = RepoFacts(
        repo_type="dataset" if is_dataset else "model",
        artifact=artifact_of(manifest, adapter, config, tags, parameters > 0 or is_onnx),
        architecture=architecture_of(config) or _adapter_architecture(adapter) or _pipeline_architecture(pipeline),
        task=(text_of(card, "pipeline_tag") or task_of(config))[:64],
        library=_library(card, config, adapter, pipeline, is_onnx)[:64],
        licence=_licence(card, manifest)[:96],
        languages=tuple(language[:16] for language in texts_of(card, "language")),
        tags=tuple(tag[:128] for tag in tags),
        base=base,
        base_relation=text_of(card, "base_model_relation") or ("adapter" if adapter and base else ""),
        config=config,
        adapter=adapter,
        delta={key: value for key, value in delta.items() if isinstance(value, str | int | float)},
        tensor_digest=_hex(manifest.get("tensor_digest")),
        labels=data.labels if is_dataset else labels_of(config),
        tokenizer_digest=_tokenizer_digest(listed, read),
        vocabulary=shape_of(config).vocabulary if config else None,
        tensors=tensors,
        parameters=parameters,
        dtype=dtype,
        files=tuple(FileFact(path=path, size_bytes=size, sha256=sha256) for path, size, sha256 in listed),
        splits=data.rows,
        columns=data.columns,
        split_files=data.split_files,
        seen=data.seen,
        problems=data.problems,
        pictures=data.pictures,
        flaws=tuple(tensor_findings),
    )
    return facts, findings


def _hex(value: Any) -> str:
    return value if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) else ""


def _card(sizes: Mapping[str, int], read: Read) -> tuple[dict[str, Any], list[Finding]]:
    if CARD_FILE not in sizes:
        return {}, []
    text = read(CARD_FILE, 0, min(sizes[CARD_FILE], CARD_BYTES)).decode("utf-8", "replace")
    return front_matter(text)


def _library(
    card: dict[str, Any], config: dict[str, Any], adapter: dict[str, Any], pipeline: dict[str, Any], is_onnx: bool
) -> str:
    declared = text_of(card, "library_name")
    if declared:
        return declared
    if adapter.get("peft_type"):
        return "peft"
    if _pipeline_architecture(pipeline):
        return "diffusers"
    return "transformers" if config.get("model_type") else "onnx" if is_onnx else ""


def _licence(card: dict[str, Any], manifest: dict[str, Any]) -> str:
    """As the card says, else as the job that made it found. Several licences in a card bind together."""
    declared = texts_of(card, "license") or texts_of(card, "licence")
    names = [licence_normalise(text, text_of(card, "license_name")) for text in declared]
    if any(names):
        return " AND ".join(name for name in names if name)
    verdict = manifest.get("licence")
    found = verdict.get("licence") if isinstance(verdict, dict) else None
    return licence_normalise(found) if isinstance(found, str) else ""


def _adapter_base(adapter: Mapping[str, Any]) -> tuple[str, ...]:
    base = adapter.get("base_model_name_or_path")
    return (base.strip()[:300],) if isinstance(base, str) and base.strip() else ()


def _adapter_architecture(adapter: Mapping[str, Any]) -> str:
    mapping = adapter.get("auto_mapping")
    name = mapping.get("base_model_class") if isinstance(mapping, dict) else None
    return name[:96] if isinstance(name, str) else ""


def _pipeline_architecture(pipeline: Mapping[str, Any]) -> str:
    name = pipeline.get("_class_name")
    return name[:96] if isinstance(name, str) else ""


def _tokenizer_digest(files: Iterable[tuple[str, int, str]], read: Read) -> str:
    """Over names and contents; tokenizer_config.json is left out, because it changes with the library that wrote it."""
    total = hashlib.sha256()
    found = False
    for path, size, sha256 in files:
        if path in TOKENIZER_FILES:
            found = True
            total.update(f"{path}\0{sha256 or _digest(path, size, read)}\n".encode())
    return total.hexdigest() if found else ""


def _digest(path: str, size: int, read: Read) -> str:
    digest = hashlib.sha256()
    for start in range(0, size, _CHUNK):
        digest.update(read(path, start, min(_CHUNK, size - start)))
    return digest.hexdigest()
