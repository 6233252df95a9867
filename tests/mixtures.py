"""Mixtures of experts for tests: tiny dense models of every kind that has such a form, and the job that puts them together."""

from pathlib import Path
from typing import Any

import torch

from tests.text_models import SIZES, save_tokenizer
from tests.workers.jobs.ports import FakePorts, fake_ports
from workers.contracts.jobs import Input, JobRequest
from workers.contracts.parsing import parse
from workers.contracts.recipes import MergeRecipe
from workers.jobs.merge import run
from workers.planning.local import local_check
from workers.planning.references import references_of

# Settings in which each kind differs from what its form with experts takes for granted.
KINDS: dict[str, dict[str, Any]] = {
    "llama": {}, "mistral": {"sliding_window": 4}, "qwen2": {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
    "qwen3": {"head_dim": 8, "tie_word_embeddings": True},
}  # fmt: skip


def dense(folder: Path, kind: str = "llama", *, seed: int = 0, **more: Any) -> Path:
    import transformers

    torch.manual_seed(seed)
    config = transformers.AutoConfig.for_model(
        kind, **{
            **SIZES, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
            "max_position_embeddings": 64, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "initializer_range": 0.3, **KINDS[kind], **more,
        },
    )  # fmt: skip
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return save_tokenizer(folder)


def mixed(root: Path, document: dict[str, Any], *, threads: int = 1, ports: FakePorts | None = None) -> Path:
    """The folder that the job leaves."""
    ports = ports or ports_of(root, document, threads=threads)
    run(ports)
    return ports.workspace.out


def ports_of(root: Path, document: dict[str, Any], *, threads: int = 1) -> FakePorts:
    parsed = parse(document, local=True)
    assert isinstance(parsed.recipe, MergeRecipe), parsed.findings
    checked, facts = local_check(parsed)
    assert checked.plan is not None, checked.findings
    recipe = parsed.recipe
    given = [(role, index, text) for role, index, text, _ in references_of(recipe)]
    request = JobRequest(
        kind="merge", recipe=recipe.model_dump(mode="json"), plan=checked.plan, threads=threads,
        inputs=tuple(Input(role=role, index=index, reference=text, facts=facts[text]) for role, index, text in given),
    )  # fmt: skip
    return fake_ports(root, request, {(role, index): Path(text) for role, index, text in given})


def loaded(folder: Path) -> Any:
    """As anybody loads it, with every weight from the file and none left over."""
    import transformers

    model, info = transformers.AutoModelForCausalLM.from_pretrained(
        folder, output_loading_info=True, dtype=torch.float32
    )
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
    return model.eval()


def logits(folder: Path) -> torch.Tensor:
    tokens = torch.arange(3, 36).reshape(3, 11) * 7 % 256
    with torch.no_grad():
        return loaded(folder)(tokens).logits
