"""Our side: `genepool merge` on the same documents, and the plan that it carried out."""

import contextlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import load_file
from tokenizers import Tokenizer as Library

from workers import cli
from workers.contracts.parsing import parse
from workers.contracts.plans import Plan, TensorStep
from workers.contracts.recipes import MergeRecipe
from workers.planning.local import local_check


@dataclass(frozen=True)
class Run:
    """What one side made of a recipe with one seed."""

    folder: Path

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        return {
            name: tensor
            for file in sorted(self.folder.glob("*.safetensors"))
            for name, tensor in load_file(file).items()
        }

    @property
    def vocabulary(self) -> dict[str, int]:
        found: dict[str, int] = Library.from_file(str(self.folder / "tokenizer.json")).get_vocab()
        return found

    @property
    def config(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "config.json").read_text(encoding="utf-8"))
        return loaded


def placed(document: Any, folders: Mapping[str, Path]) -> Any:
    """The document with each `@name` replaced by the model's folder."""
    if isinstance(document, dict):
        return {key: placed(value, folders) for key, value in document.items()}
    if isinstance(document, list):
        return [placed(value, folders) for value in document]
    return str(folders[document[1:]]) if isinstance(document, str) and document.startswith("@") else document


def merged(document: Mapping[str, Any], out: Path) -> str:
    """Runs `genepool merge`; gives what it complained of, "" when the result is there."""
    recipe = out.with_suffix(".yaml")
    recipe.parent.mkdir(parents=True, exist_ok=True)
    recipe.write_text(yaml.safe_dump(dict(document), sort_keys=False), encoding="utf-8")
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = cli.main([str(recipe), str(out), "--threads", "1"], kind="merge")
    return "" if code == 0 else said.getvalue()


def codes_of(document: Mapping[str, Any]) -> list[str]:
    """Of the errors for which the check refuses a recipe."""
    parsed = parse(dict(document), local=True)
    findings = [*parsed.findings, *(local_check(parsed)[0].findings if parsed.recipe is not None else ())]
    return [finding.code for finding in findings if finding.severity == "error"]


@dataclass(frozen=True)
class Planned:
    """The plan of a recipe and the weights it reads, for checks that look at single entries."""

    plan: Plan
    weights: tuple[dict[str, torch.Tensor], ...]

    @property
    def is_native(self) -> bool:
        """Whether numbers are computed with in the format in which they are stored."""
        return self.plan.compat == "mergekit" and self.plan.input_dtype is None

    def inputs(self, step: TensorStep) -> list[torch.Tensor]:
        return [self.weights[item.source][item.key] for item in step.inputs]


def planned(document: Mapping[str, Any]) -> Planned:
    parsed = parse(dict(document), local=True)
    checked, _ = local_check(parsed)
    recipe = parsed.recipe
    if not isinstance(recipe, MergeRecipe) or checked.plan is None:
        raise ValueError(str(checked.findings))
    folders = [Path(text) for text in (recipe.base, *(source.model for source in recipe.sources)) if text is not None]
    return Planned(checked.plan, tuple(load_file(folder / "model.safetensors") for folder in folders))
