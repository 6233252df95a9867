"""TOKENIZER TRANSPLANT: the base's tables over the donor's vocabulary, new rows made out of rows that both models share."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch

from kernels.reference.philox import key_of, words
from workers.contracts.plans import TensorStep, VocabularyPlan, VocabularyTable
from workers.engine.merge.pursuit import nearest, pursue
from workers.engine.merge.step import MergeStep
from workers.planning.tokenizers.read import Tokenizer
from workers.planning.tokenizers.surface import matches_of, surfaces_of
from workers.planning.tokenizers.tables import is_head

if TYPE_CHECKING:
    from workers.engine.io.rows import Readers


def merge(step: MergeStep) -> torch.Tensor:
    """Tables of embeddings over the vocabulary of the source, all other tensors as they are in the base.

    shared token:  e(t) = E_base(t)
    new token:     E_source(t) ≈ Σ_j c_j·E_source(a_j) over shared tokens a_j;  e(t) = Σ_j c_j·E_base(a_j)

    The c_j come from orthogonal matching pursuit (`omp`) or from nearness (`common_interpolation`). Without the source's rows:
    `subword` puts together the rows of the pieces that the base's tokenizer cuts the token's text into; `mean` is the base's
    mean row, `zero` zeros, `randn` a normal draw with the mean and spread of each column. Biases of new tokens are zero.

    Source: Goddard and Fernandes Neto 2025, arXiv:2506.06607, section 3; the options are those of mergekit-tokensurgeon.
    Deviations: tokens are matched by the text that they stand for and by the role of special ones; k is at most what is shared
    and the source's width; `randn` has the spread of the base's rows, not 1; `weighted_mean` weighs the last piece most for
    inputs and the first for outputs.

    Args:
        step: one tensor that is no table; tables are made by `graft`.

    Returns:
        The base's tensor.

    Raises:
        ValueError: there is no base.

    Cost: see `graft`; everything else is copied.
    Determinism: as `graft`.
    """
    if step.base is None:
        raise ValueError(f"{step.name}: a transplant needs its base.")
    return step.base.view(step.shape)


def graft(
    step: TensorStep, table: VocabularyTable, vocabulary: VocabularyPlan, readers: "Readers",
    tokenizers: Mapping[int, Tokenizer], seed: int,
) -> torch.Tensor:  # fmt: skip
    """One table `[…, rows, …]` of the result, in the format of the base's.

    Args:
        table: its axis; the base's tensor, then, where rows are made with its help, the donor's.
        vocabulary: `order` is the donor's position, `graft` the method's parameters.

    Cost: n·N·d·k multiplications for n new tokens over N shared ones in d columns; batches of 256.
    Determinism: one thread; draws are keyed by (seed, tensor name) and the number of the row.
    """
    values = vocabulary.graft or {}
    donor, base = tokenizers[vocabulary.order[0]], tokenizers[table.inputs[0].source]
    view = readers.raw(table.inputs[0]).movedim(table.axis, 0)
    own = view.to(torch.float64 if view.dtype == torch.float64 else torch.float32)
    result = torch.zeros((vocabulary.rows, *view.shape[1:]), dtype=own.dtype)
    shared = {
        place: row for place, row in matches_of(base, donor).items() if row < len(view) and place < vocabulary.rows
    }
    new = [place for place in donor.tokens.values() if place not in shared and place < vocabulary.rows]
    places, rows = torch.tensor(list(shared), dtype=torch.int64), torch.tensor(list(shared.values()), dtype=torch.int64)
    how = str(values["approximation"])
    if new and view.dim() == 2 and how != "zero":
        if len(table.inputs) > 1:
            theirs = readers.raw(table.inputs[1]).movedim(table.axis, 0)
            held = places < len(theirs)
            made = _anchored(theirs.to(own.dtype), new, places[held], own[rows[held]], values)
        elif how == "subword":
            made = _pieces(own, new, base, donor, str(values["subword_method"]), step.name)
        else:
            made = own.mean(0).expand(len(new), -1)
            if how == "randn":
                made = made + own.std(0, unbiased=False) * _normal(seed, step.name, new, own.shape[1], own.dtype)
        result[torch.tensor(new)] = made.to(own.dtype)
    # Rows that both have go in last, and in the stored bits.
    result = result.to(view.dtype)
    result[places] = view[rows]
    return result.movedim(0, table.axis)


def _anchored(
    theirs: torch.Tensor, new: Sequence[int], places: torch.Tensor, own: torch.Tensor, values: Mapping[str, object]
) -> torch.Tensor:  # fmt: skip
    """New rows `[n, d]` by the donor's table `theirs`, of its rows `places` that are the base's rows `own`. Tokens without a row: zeros."""
    anchors = theirs[places]
    made = torch.zeros((len(new), own.shape[1]), dtype=own.dtype)
    held = [at for at, place in enumerate(new) if place < len(theirs)]
    k = min(int(str(values["k"])), len(anchors))
    for start in range(0, len(held), 256):
        at = held[start : start + 256]
        targets = theirs[torch.tensor([new[index] for index in at])]
        if values["approximation"] == "omp":
            chosen, weights = pursue(targets, anchors, min(k, theirs.shape[1]))
        else:
            chosen, weights = nearest(targets, anchors, k, by_angle=bool(values["cosine_similarity"]))
        made[torch.tensor(at)] = torch.einsum("nk,nkd->nd", weights.to(own.dtype), own[chosen])
    return made


def _pieces(
    own: torch.Tensor, new: Sequence[int], base: Tokenizer, donor: Tokenizer, how: str, name: str
) -> torch.Tensor:  # fmt: skip
    """Rows put together of the base's pieces of each token's text; zeros for a text without one."""
    from tokenizers import Tokenizer as Library

    library = Library.from_str(json.dumps({**base.document, "post_processor": None}))
    surfaces, tokens = surfaces_of(donor), {place: token for token, place in donor.tokens.items()}
    made = torch.zeros((len(new), own.shape[1]), dtype=own.dtype)
    for at, place in enumerate(new):
        text = surfaces.get(tokens[place], tokens[place].encode()).decode("utf-8", "replace")
        ids = [piece for piece in library.encode(text, add_special_tokens=False).ids if piece < len(own)]
        if not ids:
            continue
        rising = torch.arange(1, len(ids) + 1, dtype=own.dtype)
        rows = own[torch.tensor(ids)]
        if how == "first_last":
            made[at] = rows[0 if is_head(name) else -1]
        elif how == "weighted_mean":
            weights = rising.flip(0) if is_head(name) else rising
            made[at] = weights @ rows / weights.sum()
        else:
            made[at] = rows.sum(0) if how == "sum" else rows.mean(0)
    return made


def _normal(seed: int, name: str, new: Sequence[int], width: int, dtype: torch.dtype) -> torch.Tensor:
    """Standard normal draws `[n, width]` by Box and Muller, the same for a row whatever other rows there are."""
    key = key_of(seed, name, 0)
    rows = []
    for place in new:
        drawn = words(key, 2 * place * width, 2 * width).to(torch.float64)
        first, second = (drawn[:width] + 0.5) / 2**32, drawn[width:] / 2**32
        rows.append(torch.sqrt(-2 * torch.log(first)) * torch.cos(2 * torch.pi * second))
    return torch.stack(rows).to(dtype)
