"""Tiny language models laid out as Llama, each with a tokenizer of its own, as folders."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer as Library

from tests.parity.zoo import config_of, shapes_of
from tests.workers.planning.tokenizers.made import TEXTS, bytes_bpe
from workers.contracts.parsing import parse
from workers.contracts.plans import Check
from workers.planning.local import local_check

WIDTH = 16


def model_write(
    folder: Path, library: Library | None, *, seed: int, rows: int | None = None, tied: bool = False, width: int = WIDTH,
    config: dict[str, Any] | None = None, tokenizer: dict[str, Any] | None = None, dtype: torch.dtype = torch.float32,
) -> Path:  # fmt: skip
    """`rows`: of the embeddings, where these are not as many as tokens."""
    folder.mkdir(parents=True)
    count = rows or (library.get_vocab_size() if library is not None else 0)
    generator = torch.Generator().manual_seed(seed)
    shapes = {
        name: shape for name, shape in shapes_of(1, width, count).items() if not (tied and name == "lm_head.weight")
    }
    state = {name: torch.randn(shape, generator=generator).to(dtype) for name, shape in shapes.items()}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    document = config_of(1, width, count, dtype) | {"tie_word_embeddings": tied, "bos_token_id": 0, "eos_token_id": 1}
    (folder / "config.json").write_text(json.dumps(document | (config or {})))
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [1], "max_length": 9}))
    if library is not None:
        library.save(str(folder / "tokenizer.json"))
        settings = {"bos_token": "<s>", "eos_token": "</s>", "tokenizer_class": "PreTrainedTokenizerFast"}
        (folder / "tokenizer_config.json").write_text(json.dumps(settings | (tokenizer or {})))
    return folder


def family(folder: Path) -> dict[str, Path]:
    """Three models over different vocabularies; `code` puts its special tokens the other way round, `chats` has rows to spare."""
    libraries = {
        "cats": bytes_bpe(TEXTS["cats"]), "code": bytes_bpe(TEXTS["code"], special=("</s>", "<|im_start|>", "<s>")),
        "chats": bytes_bpe(TEXTS["chats"]),
    }  # fmt: skip
    return {
        name: model_write(folder / name, library, seed=seed, rows=library.get_vocab_size() + 8 * (name == "chats"))
        for seed, (name, library) in enumerate(libraries.items())
    }


def checked(document: dict[str, Any]) -> Check:
    return local_check(parse(document, local=True))[0]


def vocabulary_of(folder: Path) -> dict[str, int]:
    found: dict[str, int] = Library.from_file(str(folder / "tokenizer.json")).get_vocab()
    return found
