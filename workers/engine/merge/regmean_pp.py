"""RegMean++: as RegMean, with inputs as they come out of the layers that are merged already."""

from typing import Any

import torch
from safetensors.torch import load_file

from workers.engine.merge.learning.blocks import block_paths, stages
from workers.engine.merge.learning.gram import grams_of, layers_of, merge_by_grams, regressed
from workers.engine.merge.learning.keeping import is_kept, keep
from workers.engine.merge.learning.request import Learning
from workers.engine.merge.learning.student import Student, rows_drawn
from workers.engine.merge.step import MergeStep


def merge(step: MergeStep) -> torch.Tensor:
    """Solves RegMean's problem on the inputs that each layer will really get in the merged model.

    W = (Σ G̃_i)⁻¹ Σ G̃_i·W_i,  G_i = X̂_iᵀX̂_i / rows,  G̃_i = a·G_i + (1 − a)·diag(G_i);  other tensors: their mean.

    X̂_i of a layer in block l: model i's block l run on what the merged blocks 1 … l − 1 make of model i's examples.

    Source: Nguyen et al. 2025, "RegMean++: enhancing effectiveness and generalization of regression mean for model merging",
        arXiv:2508.03121; checked against its repository: what stands before the blocks is merged first, each candidate's block l
        runs on the merged blocks below it, all its linear layers are merged from that run, then the merged block is run. a = 0.95
        as in its experiments on CLIP (0.1 in its general configuration). Deviation: what follows the blocks is merged last (the
        head is not merged there).

    Args:
        step: as `regmean`.

    Returns:
        `[N]` in the step's dtype.

    Cost: as `regmean`; learning runs every example once for each block, up to that block.
    Determinism: LAPACK on one thread; learning is equal bit by bit for equal device and number of threads.
    """
    return merge_by_grams(step)


def learn(learning: Learning) -> dict[str, Any]:
    """`gram<i>/tensor` and `axis/tensor`, block after block; a finished block is not worked out again after a kill."""
    student = Student(learning)
    layers, turn = layers_of(student), stages(student, student.places)
    blocks, count = block_paths(student.module), int(learning.parameters["examples"])
    factor = float(learning.parameters["off_diagonal"])
    drawn = [
        rows_drawn(len(student.batches(source)), count, seed=learning.seed, purpose=f"data/{source}")
        for source in range(learning.sources)
    ]
    merged: dict[str, torch.Tensor] = {}
    for stage in range(len(blocks) + 2):
        own = [name for name in student.places if turn[name] == stage]
        wanted = {name: layers[name] for name in own if name in layers}
        kept = f"stage-{stage}"
        if not is_kept(learning.out, kept):
            found = {f"axis/{name}": torch.tensor(layer.axis) for name, layer in wanted.items()}
            last = student.module.get_submodule(blocks[stage - 1]) if 1 <= stage <= len(blocks) else None
            for source in range(learning.sources) if wanted else ():
                weights = {**student.weights(source), **merged}
                message = f"Inputs of part {stage + 1} of {len(blocks) + 2}"
                grams = grams_of(student, weights, source, drawn[source], wanted, last=last, message=message)
                found |= {f"gram{source + learning.first_source}/{name}": gram for name, gram in grams.items()}
            keep(learning.out, kept, found)
        learned = load_file(learning.out / f"{kept}.safetensors")
        for step in student.steps():
            if turn[step.name] != stage:
                continue
            weights_here = [source.to(torch.float32).view(step.shape) for source in step.sources]
            mean = torch.stack(weights_here).mean(dim=0)
            if step.name in wanted:
                grams_here = [learned[f"gram{source}/{step.name}"] for source in step.source_ids]
                mean = regressed(weights_here, grams_here, factor, wanted[step.name].axis).float()
            merged[student.places[step.name]] = mean.to(student.device)
    student.close()
    return {"examples": [len(rows) for rows in drawn]}
