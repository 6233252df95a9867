"""How probable a language model holds texts: token by token, left to right or in gaps."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workers.engine.predict.predictor import Doubles, refused

Pair = tuple[Sequence[int], Sequence[int]]
# Forward passes hold logits over the whole vocabulary: this many numbers of them at once, at most.
_LOGITS = 2**26


def windows(tokens: int, length: int, stride: int) -> Iterator[tuple[int, int, int]]:
    """(begin, from, end): the window `begin:end` scores the tokens `from:end`, each exactly once.

    Every window but the first sees at least `length - stride` tokens before those that it scores. Position 0 is what the
    text starts with and is scored by nobody.
    """
    end, begin = min(length, tokens), 0
    scored = 1
    while scored < tokens:
        yield begin, scored, end
        scored = end
        end = min(end + stride, tokens)
        begin = max(0, end - length)


def text_logprobs(
    module: Any, encoded: Sequence[Sequence[int]], *, start: int | None, vocabulary: int, length: int, pad: int
) -> list[Doubles]:
    """`ln p(t_i | t_<i)` for every token of every text, float64 `[t]`, in strided windows of `length` tokens, half of it apart.

    The first token of a text is predicted from `start`; where a model has no such token, it costs ln of the vocabulary's size:
    what it takes to name one token among all, so that the sum stays the length of a code that really decodes.

    Raises:
        UserError: a log-probability is NaN or infinite.
    """
    found = [np.zeros(len(tokens), dtype=np.float64) for tokens in encoded]
    jobs: list[tuple[int, int, int, Pair]] = []
    for index, tokens in enumerate(encoded):
        whole = [start, *tokens] if start is not None else list(tokens)
        if start is None and tokens:
            found[index][0] = -np.log(vocabulary)
        shift = len(whole) - len(tokens)
        for begin, scored, end in windows(len(whole), length, max(1, length // 2)):
            jobs.append((index, scored - shift, end - shift, (whole[begin:scored], whole[scored:end])))
    rows = max(1, len(encoded))
    for at in range(0, len(jobs), rows):
        part = jobs[at : at + rows]
        scores = continuation_logprobs(module, [pair for *_, pair in part], length=length, pad=pad)
        for (index, first, last, _), (values, _) in zip(part, scores, strict=True):
            found[index][first:last] = values
    return found


@torch.inference_mode()
def continuation_logprobs(
    module: Any, pairs: Sequence[Pair], *, length: int, pad: int
) -> list[tuple[Doubles, NDArray[np.bool_]]]:
    """For each (context, continuation): ln p of every token of the continuation, float64, and whether it was the likeliest one.

    What is longer than `length` loses tokens of its context, at the front. A continuation needs a context of one token.

    Raises:
        UserError: a log-probability is NaN or infinite.
    """
    found: list[tuple[Doubles, NDArray[np.bool_]]] = []
    width = max((min(len(context) + len(continuation), length + 1) for context, continuation in pairs), default=0)
    rows = max(1, _LOGITS // max(1, width * _vocabulary(module)))
    for at in range(0, len(pairs), rows):
        found += _scored(module, pairs[at : at + rows], length, pad)
    return found


def _scored(module: Any, pairs: Sequence[Pair], length: int, pad: int) -> list[tuple[Doubles, NDArray[np.bool_]]]:
    # The last token is only ever predicted, never seen: a window of `length` inputs scores `length` tokens.
    tokens = [[*context, *continuation][-(length + 1) :] for context, continuation in pairs]
    width = max(len(row) for row in tokens) - 1
    ids = torch.full((len(tokens), max(1, width)), pad, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for index, row in enumerate(tokens):
        ids[index, : len(row) - 1] = torch.tensor(row[:-1])
        mask[index, : len(row) - 1] = 1
    device = next(module.parameters()).device
    logits = module(input_ids=ids.to(device), attention_mask=mask.to(device), use_cache=False).logits
    found = []
    for index, (row, (_, continuation)) in enumerate(zip(tokens, pairs, strict=True)):
        count = min(len(continuation), len(row) - 1)
        # In float64: float32 loses the tail of a confident model.
        scores = torch.log_softmax(logits[index, len(row) - 1 - count : len(row) - 1].to(torch.float64), dim=-1)
        gold = torch.tensor(row[len(row) - count :], device=device)
        values = scores.gather(1, gold[:, None])[:, 0]
        if not bool(torch.isfinite(values).all()):
            raise refused(
                "nan_predictions", "A language model answers with NaN or infinity. Its weights are broken or overflow."
            )
        found.append((values.cpu().numpy(), (scores.argmax(dim=-1) == gold).cpu().numpy()))
    return found


def _vocabulary(module: Any) -> int:
    return int(module.get_input_embeddings().num_embeddings)


def hidden_positions(draw: int, positions: Sequence[int], share: float) -> list[int]:
    """Which of `positions` are hidden: a `share` of them, rounded, at least one; drawn by Philox from `draw`."""
    if not positions:
        return []
    count = max(1, round(share * len(positions)))
    chosen = np.random.Generator(np.random.Philox(draw)).permutation(len(positions))[:count]
    return sorted(positions[index] for index in chosen)


@torch.inference_mode()
def gap_logprobs(
    module: Any, texts: Sequence[Sequence[int]], hidden: Sequence[Sequence[int]], *, mask_token: int, pad: int
) -> list[tuple[Doubles, NDArray[np.bool_]]]:
    """For each text: ln p of the tokens at `hidden`, all of them hidden at once, float64; and whether each was the likeliest.

    Raises:
        UserError: a log-probability is NaN or infinite.
    """
    width = max(len(row) for row in texts)
    ids = torch.full((len(texts), width), pad, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for index, (row, gaps) in enumerate(zip(texts, hidden, strict=True)):
        seen = torch.tensor(row)
        seen[list(gaps)] = mask_token
        ids[index, : len(row)], mask[index, : len(row)] = seen, 1
    device = next(module.parameters()).device
    logits = module(input_ids=ids.to(device), attention_mask=mask.to(device)).logits
    found = []
    for index, (row, gaps) in enumerate(zip(texts, hidden, strict=True)):
        scores = torch.log_softmax(logits[index, list(gaps)].to(torch.float64), dim=-1)
        gold = torch.tensor([row[gap] for gap in gaps], device=device, dtype=torch.int64)
        values = scores.gather(1, gold[:, None])[:, 0]
        if not bool(torch.isfinite(values).all()):
            raise refused(
                "nan_predictions", "A language model answers with NaN or infinity. Its weights are broken or overflow."
            )
        found.append((values.cpu().numpy(), (scores.argmax(dim=-1) == gold).cpu().numpy()))
    return found


@torch.inference_mode()
def greedy(
    module: Any,
    prompts: Sequence[Sequence[int]],
    *,
    new_tokens: int,
    length: int,
    pad: int,
    ends: Sequence[int],
    is_done: Callable[[int, list[int]], bool],
) -> list[list[int]]:
    """The likeliest token again and again, until one of `ends`, `is_done(row, tokens)` or `new_tokens`.

    Prompts are padded on the left; what is longer than `length - new_tokens` loses tokens at the front.
    """
    kept = [list(prompt)[-max(1, length - new_tokens) :] for prompt in prompts]
    width = max(len(prompt) for prompt in kept)
    ids = torch.full((len(kept), width), pad, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for index, prompt in enumerate(kept):
        ids[index, width - len(prompt) :], mask[index, width - len(prompt) :] = torch.tensor(prompt), 1
    device = next(module.parameters()).device
    ids, mask = ids.to(device), mask.to(device)
    written: list[list[int]] = [[] for _ in kept]
    done = [False] * len(kept)
    cache = None
    for _ in range(min(new_tokens, length)):
        positions = (mask.cumsum(dim=-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        out = module(input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True)
        cache = out.past_key_values
        chosen = out.logits[:, -1].to(torch.float64).argmax(dim=-1)
        for index, token in enumerate(chosen.tolist()):
            if done[index]:
                continue
            if token in ends:
                done[index] = True
                continue
            written[index].append(token)
            done[index] = is_done(index, written[index])
        if all(done):
            break
        ids = chosen[:, None]
        mask = torch.cat([mask, torch.ones_like(ids)], dim=1)
    return written
