"""Combines adapters with peft, and writes what each weight changes by. Runs in peft's environment alone; nothing of Genepool is imported."""

import json
import sys
import time
import warnings
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora import LoraLayer
from peft.utils import ModulesToSaveWrapper
from safetensors.torch import load_file, save_file
from transformers.pytorch_utils import Conv1D

PREFIX = "base_model.model."
RESULT = "merged"


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for question in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        started = time.monotonic()
        error = ""
        try:
            {"combine": combine, "read": read, "apply": apply}[question["ask"]](question)
        except Exception as caught:
            error = f"{type(caught).__name__}: {caught}"
        sys.stdout.write(
            f"@{json.dumps({'name': question['name'], 'error': error[:500], 'seconds': time.monotonic() - started})}\n"
        )
        sys.stdout.flush()


def combine(question: dict) -> None:
    """The adapters as one, for each seed."""
    folders, names = question["adapters"], [f"source{index}" for index in range(len(question["adapters"]))]
    for seed, out in question["outs"]:
        model = PeftModel.from_pretrained(plain_model(question), folders[0], adapter_name=names[0])
        for folder, name in zip(folders[1:], names[1:], strict=True):
            model.load_adapter(folder, adapter_name=name)
        torch.manual_seed(seed)
        model.base_model.add_weighted_adapter(
            names, question["weights"], RESULT, question["type"], **question["options"]
        )
        if question["is_saved"]:
            model.save_pretrained(out, selected_adapters=[RESULT])
            model = PeftModel.from_pretrained(plain_model(question), str(Path(out) / RESULT), adapter_name=RESULT)
        write(model, Path(out), question)


def read(question: dict) -> None:
    """An adapter as it lies there."""
    model = PeftModel.from_pretrained(plain_model(question), question["adapter"], adapter_name=RESULT)
    write(model, Path(question["out"]), question)


def apply(question: dict) -> None:
    """Makes an adapter by its configuration, with random values in all that it trains, and the model with the adapter on it."""
    torch.manual_seed(question["seed"])
    model = get_peft_model(plain_model(question), LoraConfig(**question["config"]))
    with torch.no_grad():
        for name, tensor in model.named_parameters():
            if tensor.requires_grad:
                tensor += 0.1 * torch.randn(tensor.shape)
            if "silent" in question and name.endswith("lora_B.default.weight") and question["silent"] in name:
                tensor[0] = 0
    out = Path(question["out"])
    model.save_pretrained(out / "adapter")
    state = {
        name: tensor.contiguous().clone()
        for name, tensor in model.merge_and_unload(safe_merge=question["is_safe"]).state_dict().items()
    }
    (out / "model").mkdir(parents=True)
    save_file(state, out / "model" / "model.safetensors", metadata={"format": "pt"})


def write(model: PeftModel, out: Path, question: dict) -> None:
    layers = {
        name.removeprefix(PREFIX): layer
        for name, layer in model.named_modules()
        if isinstance(layer, LoraLayer) and RESULT in layer.scaling
    }
    changes, factors = {}, {}
    for name, layer in layers.items():
        is_table = RESULT in layer.lora_embedding_A
        is_turned = is_table or isinstance(layer.get_base_layer(), Conv1D)
        change = layer.get_delta_weight(RESULT)
        changes[f"{name}.weight"] = change.T if is_turned else change.flatten(1)
        sides = [side[RESULT] if is_table else side[RESULT].weight for side in sides_of(layer, is_table)]
        factors |= {f"{name}.{side}": tensor.flatten(1) for side, tensor in zip("AB", sides, strict=True)}
        bias = None if is_table else layer.lora_B[RESULT].bias
        if bias is not None:
            changes[f"{name}.bias"] = layer.scaling[RESULT] * bias
    for name, module in model.named_modules():
        if isinstance(module, ModulesToSaveWrapper) and RESULT in module.modules_to_save:
            whole = module.modules_to_save[RESULT].state_dict()
            changes |= {f"{name.removeprefix(PREFIX)}.{part}": tensor for part, tensor in whole.items()}
    if model.peft_config[RESULT].use_dora:
        changes |= applied(model, question)
    out.mkdir(parents=True, exist_ok=True)
    for tensors, file in ((changes, "changes"), (factors, "factors")):
        ready = {name: tensor.detach().float().contiguous().clone() for name, tensor in tensors.items()}
        save_file(ready, out / f"{file}.safetensors")


def applied(model: PeftModel, question: dict) -> dict:
    """What putting the adapter on changes, where that is not one product for each layer."""
    before = load_file(Path(question["base"]) / "model.safetensors")
    model.set_adapter(RESULT)
    after = model.merge_and_unload().state_dict()
    return {
        name: tensor.double() - before[name].double()
        for name, tensor in after.items()
        if name.endswith(".weight") and not torch.equal(tensor, before[name])
    }


def sides_of(layer: LoraLayer, is_table: bool) -> tuple:
    return (layer.lora_embedding_A, layer.lora_embedding_B) if is_table else (layer.lora_A, layer.lora_B)


def plain_model(question: dict) -> torch.nn.Module:
    """A model of nothing but the layers that adapters change, with the weights of the base."""
    root = torch.nn.Module()
    for path, (kind, out, into, kernel) in question["layers"].items():
        parent = root
        *parts, last = path.split(".")
        for part in parts:
            if not hasattr(parent, part):
                parent.add_module(part, torch.nn.Module())
            parent = getattr(parent, part)
        if kind == "Conv1D":
            layer = Conv1D(out, into)
        else:
            sizes = {"Embedding": (into, out), "Linear": (into, out)}.get(kind, (into, out, kernel))
            layer = getattr(torch.nn, kind)(*sizes, **({"bias": False} if path == "lm_head" else {}))
        parent.add_module(last, layer)
    state = load_file(Path(question["base"]) / "model.safetensors")
    if "lm_head" in question["layers"]:
        root.lm_head.weight = root.model.embed_tokens.weight
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    root.load_state_dict(state)
    return root.to(next(iter(state.values())).dtype)


if __name__ == "__main__":
    main()
