"""201 and on, in an environment with torch: transformers and peft save to and load from this hub, each time from an empty cache."""

import os
import tempfile
from functools import cache
from typing import Any

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import torch
from kit import Stage, check, refused, same
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModel, BertConfig, BertModel


def _bert() -> BertModel:
    torch.manual_seed(1)
    return BertModel(
        BertConfig(vocab_size=40, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    )


@cache
def _pushed(stage: Stage, kind: str) -> tuple[str, str]:
    """The ids of a model and of an adapter of it in a public, private or gated repo."""
    model, adapter = stage.id(f"bert-{kind}"), stage.id(f"lora-{kind}")
    _bert().push_to_hub(model, private=kind == "private", token=stage.token)
    base = AutoModel.from_pretrained(model, **_fresh(stage.token))
    get_peft_model(base, LoraConfig(target_modules=["query"], r=2, init_lora_weights=False)).push_to_hub(
        adapter, private=kind == "private", token=stage.token
    )
    if kind == "gated":
        for repo in (model, adapter):
            stage.api.update_repo_settings(repo, gated="manual")
    return model, adapter


def _fresh(token: str | bool) -> dict[str, Any]:
    return {"cache_dir": tempfile.mkdtemp(), "token": token}


def _transformers(stage: Stage, kind: str, token: str | bool) -> None:
    loaded = AutoModel.from_pretrained(_pushed(stage, kind)[0], **_fresh(token))
    for name, tensor in _bert().state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name


def _peft(stage: Stage, kind: str, token: str | bool) -> None:
    model, adapter = _pushed(stage, kind)
    base = AutoModel.from_pretrained(model, **_fresh(token))
    loaded = PeftModel.from_pretrained(base, adapter, **_fresh(token))
    same(loaded.peft_config["default"].r, 2)
    assert any("lora_A" in name for name in loaded.state_dict())


def _register() -> None:
    number = 201
    for kind in ("public", "private", "gated"):
        for label, run in (("transformers", _transformers), ("peft", _peft)):

            def one(stage: Stage, run: Any = run, kind: str = kind) -> None:
                run(stage, kind, stage.token)
                if kind == "public":
                    run(stage, kind, False)
                else:
                    with refused(kind=Exception):
                        run(stage, kind, stage.other_token)

            check(number, f"{label} pushes to and loads from a {kind} repo")(one)
            number += 1


_register()
