"""TEXT for language models, as pieces of tokens. Tokenised once into a file and mapped from there: memory stays flat.

Left to right: all texts in a row, cut into pieces of one length. With gaps: each text by itself, cut where it is too long.
"""

import tempfile
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workers.engine.predict.tokenizers import start_token
from workers.engine.train.batches import Examples
from workers.engine.train.losses import IGNORED, Batch
from workers.engine.train.refusals import refused

_STEP = 256
# Of the tokens that a model must guess: the share hidden, and of those the shares shown as the mask, as another token, as they are.
HIDDEN, MASKED, REPLACED = 0.15, 0.8, 0.1
Between = Callable[[int], None]


def _nothing(done: int) -> None:
    pass


class Pieces:
    """Runs of token numbers: piece i is `tokens[begins[i]:ends[i]]`. The tokens lie in a file without a name."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="genepool-tokens-")  # noqa: SIM115  (lives as long as this)
        self._count = 0
        self._begins, self._ends = array("q"), array("q")
        self._map: NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self._begins)

    @property
    def tokens(self) -> int:
        return self._count

    def write(self, tokens: Sequence[int]) -> None:
        self._file.write(np.asarray(tokens, dtype=np.int32).tobytes())
        self._count += len(tokens)

    def cut(self, begin: int, end: int) -> None:
        self._begins.append(begin)
        self._ends.append(end)

    def get(self, number: int) -> NDArray[np.int32]:
        if self._map is None:
            self._file.flush()
            self._map = np.memmap(self._file, dtype=np.int32, mode="r", shape=(self._count,))
        return self._map[self._begins[number] : self._ends[number]]


class CausalBlocks:
    """All texts one after the other, each begun by the token that evaluation begins them with, in pieces of `length` tokens.

    Neighbouring pieces share one token, so that every token is guessed once. labels int64 `[b, t]` are the tokens themselves,
    IGNORED where padded. units: guessed tokens.
    """

    def __init__(
        self, examples: Examples, tokenizer: Any, *, length: int, name: str, between: Between = _nothing
    ) -> None:
        self._pad = int(tokenizer.pad_token_id)
        self._pieces = Pieces()
        start, end = start_token(tokenizer), tokenizer.eos_token_id
        for tokens in _encoded(examples, tokenizer, between):
            before = [start] if start is not None else []
            self._pieces.write([*before, *tokens, *([end] if end is not None and end != start else [])])
        if start is not None and start == end:
            self._pieces.write([start])
        for begin in range(0, self._pieces.tokens - 1, length - 1):
            self._pieces.cut(begin, min(begin + length, self._pieces.tokens))
        _check(self._pieces, name)

    def __len__(self) -> int:
        return len(self._pieces)

    def batch(self, rows: torch.Tensor, *, seed: int) -> Batch:
        ids, mask = _padded([self._pieces.get(row) for row in rows.tolist()], self._pad)
        labels = ids.masked_fill(mask == 0, IGNORED)
        return Batch(
            {"input_ids": ids, "attention_mask": mask}, {"labels": labels}, int((labels[:, 1:] != IGNORED).sum())
        )


class MaskedBlocks:
    """Each text with the special tokens around it, cut into pieces of at most `length`; 15 % of the tokens are to be guessed.

    Of those 80 % are shown as the mask, 10 % as a token drawn from all, 10 % as they are. labels IGNORED elsewhere.
    units: guessed tokens, at least one a piece.

    Source: Devlin et al. 2019, arXiv:1810.04805, section 3.1.
    Determinism: what is hidden depends on the seed of the batch alone.
    """

    def __init__(
        self, examples: Examples, tokenizer: Any, *, length: int, name: str, between: Between = _nothing
    ) -> None:
        if tokenizer.mask_token_id is None:
            raise refused("tokenizer_misfit", f"The tokenizer of {name} has no token for gaps.", "model")
        self._pad, self._mask, self._vocabulary = (
            int(tokenizer.pad_token_id),
            int(tokenizer.mask_token_id),
            len(tokenizer),
        )
        self._special = torch.zeros(self._vocabulary, dtype=torch.bool)
        special = set(tokenizer.all_special_ids)
        self._special[list(special)] = True
        self._pieces = Pieces()
        for tokens in _wrapped(examples, tokenizer, length, between):
            if not special.issuperset(tokens):
                self._pieces.cut(self._pieces.tokens, self._pieces.tokens + len(tokens))
                self._pieces.write(tokens)
        _check(self._pieces, name)

    def __len__(self) -> int:
        return len(self._pieces)

    def batch(self, rows: torch.Tensor, *, seed: int) -> Batch:
        ids, mask = _padded([self._pieces.get(row) for row in rows.tolist()], self._pad)
        generator = torch.Generator().manual_seed(seed)
        can = (mask == 1) & ~self._special[ids]
        draws = torch.rand(ids.shape, generator=generator).masked_fill(~can, 2.0)
        # At least one a piece: the one that was drawn lowest.
        hidden = can & ((draws < HIDDEN) | (draws == draws.min(dim=1, keepdim=True).values))
        fate = torch.rand(ids.shape, generator=generator)
        others = torch.randint(self._vocabulary, ids.shape, generator=generator)
        shown = torch.where(hidden & (fate < MASKED), self._mask, ids)
        shown = torch.where(hidden & (fate >= MASKED) & (fate < MASKED + REPLACED), others, shown)
        labels = ids.masked_fill(~hidden, IGNORED)
        return Batch({"input_ids": shown, "attention_mask": mask}, {"labels": labels}, int(hidden.sum()))


def _texts(examples: Examples, between: Between) -> Iterator[list[str]]:
    for begin in range(0, len(examples), _STEP):
        rows = list(range(begin, min(begin + _STEP, len(examples))))
        yield list(examples.take(rows)["text"])
        between(rows[-1] + 1)


def _encoded(examples: Examples, tokenizer: Any, between: Between) -> Iterator[list[int]]:
    for texts in _texts(examples, between):
        yield from tokenizer(texts, add_special_tokens=False)["input_ids"]


def _wrapped(examples: Examples, tokenizer: Any, length: int, between: Between) -> Iterator[list[int]]:
    for texts in _texts(examples, between):
        yield from tokenizer(texts, truncation=True, max_length=length, return_overflowing_tokens=True)["input_ids"]


def _padded(pieces: Sequence[NDArray[np.int32]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """ids and mask int64 `[b, t]`, padded on the right to the longest."""
    width = max(len(piece) for piece in pieces)
    ids = torch.full((len(pieces), width), pad, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, piece in enumerate(pieces):
        ids[row, : len(piece)], mask[row, : len(piece)] = torch.from_numpy(piece.astype(np.int64)), 1
    return ids, mask


def _check(pieces: Pieces, name: str) -> None:
    if len(pieces) == 0:
        raise refused(
            "text_empty",
            f"The tokenizer of {name} makes no tokens of these texts. There is nothing to learn from.",
            "data",
        )
