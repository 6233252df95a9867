"""The routers of a mixture of experts, from prompts: what the base makes of them, layer by layer."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from workers.contracts.plans import Plan, TensorStep
from workers.contracts.ports import Cancel, Reporter
from workers.engine.io.reader import Reader
from workers.engine.merge.experts import GATE
from workers.engine.predict.modules import load_module, read_json
from workers.engine.predict.predictor import refused
from workers.engine.predict.tokenizers import load_tokenizer
from workers.planning.heads import head_in

# A matrix of routers beyond this condition number hardly tells some of its experts apart.
ALIKE = 5.0
SHORTEST = 1e-8
EMBEDDINGS = "model.embed_tokens.weight"
RowsOf = Callable[[Sequence[str]], torch.Tensor]
_LAYER = re.compile(r"\.layers\.(\d+)\.")


@dataclass(frozen=True)
class Prompts:
    """Of one expert."""

    positive: Sequence[str]
    negative: Sequence[str] = ()


def routers(
    plan: Plan, base: Path, name: str, prompts: Mapping[int, Prompts], *, device: str, reporter: Reporter, cancel: Cancel
) -> tuple[dict[str, torch.Tensor], list[dict[str, Any]]]:  # fmt: skip
    """Every router that the plan wants told, by `gate/tensor name`, and for each layer how well it tells its experts apart.

    Args:
        prompts: by source.

    Returns:
        float32 tensors [experts, d]; per router with several experts `{tensor, condition, cosines}`, the cosines of pairs in
        the order (0, 1), (0, 2), …, (1, 2), ….

    Raises:
        UserError: the base or its tokenizer cannot be loaded, or does not know its tokens.

    Cost: one forward pass of the base for each prompt; the base in float32.
    """
    steps = [step for step in plan.steps if step.parameters.get("part") == "told"]
    rows_of = (
        _embedded(plan, base, name)
        if steps[0].parameters["mode"] == "cheap_embed"
        else _hidden(steps, base, name, device)
    )
    found: dict[int, torch.Tensor] = {}
    wanted = sorted({expert for step in steps for expert in step.parameters["experts"]})
    for done, expert in enumerate(wanted):
        cancel.raise_if_requested()
        reporter.progress(done, len(wanted), "experts", "Prompts go through the base")
        found[expert] = direction(prompts[expert], rows_of)
    made = {}
    for step in steps:
        layer = int(_LAYER.findall(step.name)[0])
        made[step.name] = torch.stack(
            [found[expert][layer % len(found[expert])] for expert in step.parameters["experts"]]
        )
    told = [{"tensor": key, **apart(rows)} for key, rows in made.items() if len(rows) > 1]
    return {f"{GATE}/{key}": rows.contiguous() for key, rows in made.items()}, told


def direction(prompts: Prompts, rows_of: RowsOf) -> torch.Tensor:
    """One expert's row for each layer, [layers, d], at length 1."""
    rows = rows_of(prompts.positive)
    if prompts.negative:
        rows = rows - rows_of(prompts.negative)
    lengths: torch.Tensor = rows.norm(dim=-1, keepdim=True)
    return rows / lengths.clamp(min=SHORTEST)


def apart(rows: torch.Tensor) -> dict[str, Any]:
    """How well a router's rows tell experts apart: the ratio of the largest to the smallest singular value, and cosines."""
    values = torch.linalg.svdvals(rows.double())
    units = rows.double() / rows.double().norm(dim=1, keepdim=True).clamp(min=SHORTEST)
    products = units @ units.mT
    cosines = [round(float(products[one, other]), 6) for one in range(len(rows)) for other in range(one + 1, len(rows))]
    # More experts than dimensions: there is no smallest one.
    smallest = float(values[-1]) if len(rows) <= rows.shape[1] else 0.0
    return {"condition": round(float(values[0]) / smallest, 6) if smallest > SHORTEST else None, "cosines": cosines}


def _tokens(tokenizer: Any, text: str, rows: int, name: str) -> list[int]:
    """The text after the token that begins one, where there is such a token; a text that makes no token at all: padding.

    Raises:
        UserError: a token that the base has no row for.
    """
    found = list(tokenizer((tokenizer.bos_token or "") + text, add_special_tokens=False)["input_ids"])
    if any(token >= rows for token in found):
        message = f"The tokenizer of {name} makes token {max(found)} of a prompt, its model has {rows} rows."
        raise refused("tokenizer_misfit", f"{message} They do not belong together.")
    return found or [tokenizer.pad_token_id]


def _hidden(steps: Sequence[TensorStep], base: Path, name: str, device: str) -> RowsOf:
    """The mean over texts of what each layer is given: of the last token, or of all tokens."""
    tokenizer = load_tokenizer(base, name=name)
    module: Any = load_module(base, head=head_in(read_json(base / "config.json")), name=name).to(device)
    vocabulary = module.get_input_embeddings().num_embeddings
    over_all = steps[0].parameters["mode"] == "hidden_avg"

    def rows_of(texts: Sequence[str]) -> torch.Tensor:
        found = []
        for text in texts:
            with torch.inference_mode():
                states = module(
                    torch.tensor([_tokens(tokenizer, text, vocabulary, name)], device=device), output_hidden_states=True
                ).hidden_states
            # The last of them has gone through the final norm and is no layer's input.
            given = torch.stack([state[0].float().cpu() for state in states[:-1]])
            found.append(given.mean(dim=1) if over_all else given[:, -1])
        return torch.stack(found).mean(dim=0)

    return rows_of


def _embedded(plan: Plan, base: Path, name: str) -> RowsOf:
    """The sum of the embeddings of all tokens of all texts, at length 1: one row for all layers. Reads the embeddings alone."""
    tokenizer = load_tokenizer(base, name=name)
    (given,) = next(step.inputs for step in plan.steps if step.name == EMBEDDINGS)
    reader = Reader(base)
    table = reader.tensor(given.key, given.fact)

    def rows_of(texts: Sequence[str]) -> torch.Tensor:
        tokens = [token for text in texts for token in _tokens(tokenizer, text, len(table), name)]
        total = table[torch.tensor(tokens)].double().sum(dim=0, keepdim=True)
        length = max(float(total.norm()), SHORTEST)
        return (total / length).float()

    return rows_of
