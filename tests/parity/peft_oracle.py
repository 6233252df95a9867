"""Combines adapters with peft and writes what each weight changes by. Runs in peft's environment alone; nothing of Genepool is imported."""

import json
import sys
import time
import warnings
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel
from safetensors.torch import load_file, save_file

PREFIX = "base_model.model."


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    for question in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        started = time.monotonic()
        error = ""
        try:
            for seed, out in question["outs"]:
                combine(question, seed, Path(out))
        except Exception as caught:
            error = f"{type(caught).__name__}: {caught}"
        sys.stdout.write(
            f"@{json.dumps({'name': question['name'], 'error': error[:500], 'seconds': time.monotonic() - started})}\n"
        )
        sys.stdout.flush()


def combine(question: dict, seed: int, out: Path) -> None:
    folders, names = question["adapters"], [f"source{index}" for index in range(len(question["adapters"]))]
    model = PeftModel.from_pretrained(plain_model(Path(folders[0])), folders[0], adapter_name=names[0])
    for folder, name in zip(folders[1:], names[1:], strict=True):
        model.load_adapter(folder, adapter_name=name)
    torch.manual_seed(seed)
    model.base_model.add_weighted_adapter(names, question["weights"], "merged", question["type"], **question["options"])
    changes = {
        name.removeprefix(PREFIX): layer.get_delta_weight("merged").float().contiguous()
        for name, layer in model.named_modules()
        if hasattr(layer, "get_delta_weight")
    }
    factors = {
        f"{name.removeprefix(PREFIX)}.{side}": getattr(layer, side)["merged"].weight.detach().float().contiguous()
        for name, layer in model.named_modules()
        for side in ("lora_A", "lora_B")
        if hasattr(layer, "get_delta_weight")
    }
    out.mkdir(parents=True)
    save_file(changes, out / "changes.safetensors")
    save_file(factors, out / "factors.safetensors")


def plain_model(folder: Path) -> torch.nn.Module:
    """A model of nothing but the linear layers that the adapter changes."""
    LoraConfig.from_pretrained(str(folder))
    factors = load_file(folder / "adapter_model.safetensors")
    root = torch.nn.Module()
    for name, tensor in factors.items():
        if not name.endswith(".lora_A.weight"):
            continue
        path = name.removeprefix(PREFIX).removesuffix(".lora_A.weight")
        wide = factors[name.replace(".lora_A.", ".lora_B.")].shape[0]
        parent = root
        *parts, last = path.split(".")
        for part in parts:
            if not hasattr(parent, part):
                parent.add_module(part, torch.nn.Module())
            parent = getattr(parent, part)
        parent.add_module(last, torch.nn.Linear(tensor.shape[1], wide, bias=False))
    return root


if __name__ == "__main__":
    main()
