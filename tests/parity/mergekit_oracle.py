"""Carries out recipes with mergekit and writes a line of JSON for each. Runs in mergekit's environment alone; nothing of Genepool is imported."""

import json
import logging
import sys
import time
import warnings
from pathlib import Path

import torch
from mergekit.config import MergeConfiguration
from mergekit.merge import run_merge
from mergekit.merge_methods import registered_methods
from mergekit.options import MergeOptions


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.ERROR)
    torch.set_num_threads(1)
    say({"methods": sorted(method.spec.name for method in registered_methods())})
    for question in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        started = time.monotonic()
        error = ""
        try:
            for seed, out in question["outs"]:
                merge(question["document"], seed, out)
        except Exception as caught:
            error = f"{type(caught).__name__}: {caught}"
        say({"name": question["name"], "error": error[:500], "seconds": time.monotonic() - started})


def merge(document: dict, seed: int, out: str) -> None:
    options = MergeOptions(copy_tokenizer=True, write_model_card=False, random_seed=seed, quiet=True)
    if "experts" in document:
        from mergekit.moe.config import MoEMergeConfig
        from mergekit.scripts.moe import build

        build(MoEMergeConfig.model_validate(document), out, options, device="cpu")
        return
    run_merge(MergeConfiguration.model_validate(document), out, options)


def say(answer: dict) -> None:
    sys.stdout.write(f"@{json.dumps(answer)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
