"""Any predictor of ours as a model of lm-eval: its three methods over what the predictor can."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from lm_eval.api.model import LM, TemplateLM

from workers.engine.predict.predictor import Predictor, refused

Tick = Callable[[int], None]


def model_of(predictor: Predictor, *, batch_size: int, tick: Tick = lambda done: None) -> LM:
    """`tick` is called with the number of requests answered so far, and may raise to stop.

    A predictor that shows its tokens is asked token by token, as lm-eval asks a model of transformers; any other by whole texts.
    """
    kind = TokenModel if hasattr(predictor, "score_tokens") else TextModel
    return kind(predictor, batch_size=batch_size, tick=tick)


class TokenModel(TemplateLM):  # type: ignore[misc]
    """Cuts texts into tokens by lm-eval's rules, so that its numbers are those of lm-eval's own loader."""

    def __init__(self, predictor: Any, *, batch_size: int, tick: Tick) -> None:
        super().__init__()
        self.predictor, self.batch_size, self.tick = predictor, batch_size, tick
        self.tokenizer = predictor.tokenizer

    @property
    def eot_token_id(self) -> int:
        end = self.tokenizer.eos_token_id
        return int(end) if end is not None else 0

    @property
    def prefix_token_id(self) -> int:
        start = self.predictor.start_token
        return int(start) if start is not None else self.eot_token_id

    @property
    def max_length(self) -> int:
        return int(self.predictor.max_length)

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **options: Any) -> list[int]:
        """With the special tokens that the tokenizer adds by itself, unless the text has its first one already."""
        if add_special_tokens is None:
            if not string.startswith(self.tokenizer.decode(self.prefix_token_id)):
                return list(self.tokenizer.encode(string))
            add_special_tokens = False
        return list(self.tokenizer.encode(string, add_special_tokens=add_special_tokens))

    def loglikelihood(self, requests: list[Any], disable_tqdm: bool = True) -> list[tuple[float, bool]]:
        found: list[tuple[float, bool]] = super().loglikelihood(requests, disable_tqdm=True)
        return found

    def _loglikelihood_tokens(
        self, requests: Sequence[tuple[Any, list[int], list[int]]], **options: Any
    ) -> list[tuple[float, bool]]:
        found: list[tuple[float, bool]] = []
        for start in range(0, len(requests), self.batch_size):
            part = requests[start : start + self.batch_size]
            for (_, text), _, continuation in part:
                if not 0 < len(continuation) <= self.max_length:
                    message = f"{self.predictor.name} sees {self.max_length} tokens; the answer “{text.strip()[:80]}” has {len(continuation)}."
                    raise refused("answer_too_long", message, "data")
            scores = self.predictor.score_tokens([(context, continuation) for _, context, continuation in part])
            found += [(float(values.sum()), bool(greedy.all())) for values, greedy in scores]
            self.tick(len(found))
        return found

    def loglikelihood_rolling(self, requests: list[Any], disable_tqdm: bool = True) -> list[float]:
        return _rolling(self.predictor, requests, self.batch_size, self.tick)

    def generate_until(self, requests: list[Any], disable_tqdm: bool = True) -> list[str]:
        from workers.engine.predict.language import greedy

        found: list[str] = []
        end = self.tokenizer.decode([self.eot_token_id])
        for start in range(0, len(requests), self.batch_size):
            part = [request.args for request in requests[start : start + self.batch_size]]
            tokens, stops = _asked(part[0][1])
            if tokens >= self.max_length:
                message = f"{self.predictor.name} sees {self.max_length} tokens; {tokens} are to be written."
                raise refused("option_invalid", message, "data.options.max_new_tokens")
            stops = [*stops, end] if end else stops
            written = greedy(
                self.predictor.module, [self.tok_encode(context) or [self.prefix_token_id] for context, _ in part],
                new_tokens=tokens, length=self.max_length, pad=self.tokenizer.pad_token_id, ends=[self.eot_token_id],
                is_done=partial(self._is_done, stops),
            )  # fmt: skip
            found += [_cut(self.tokenizer.decode(row, skip_special_tokens=True), stops) for row in written]
            self.tick(len(found))
        return found

    def _is_done(self, stops: Sequence[str], row: int, written: list[int]) -> bool:
        text = self.tokenizer.decode(written)
        return any(stop in text for stop in stops)


class TextModel(LM):  # type: ignore[misc]
    """For what is no single model with a tokenizer: `ln p(answer | question) = ln p(both) − ln p(question)`."""

    def __init__(self, predictor: Predictor, *, batch_size: int, tick: Tick) -> None:
        super().__init__()
        self.predictor, self.batch_size, self.tick = predictor, batch_size, tick

    def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
        """Whether an answer is the likeliest of all texts such a predictor cannot tell; no metric of ours asks."""
        found: list[tuple[float, bool]] = []
        for start in range(0, len(requests), self.batch_size):
            pairs = [request.args for request in requests[start : start + self.batch_size]]
            contexts = sorted({context for context, _ in pairs if context})
            known = dict(zip(contexts, self._sums(contexts), strict=True)) | {"": 0.0}
            whole = self._sums([context + continuation for context, continuation in pairs])
            found += [(value - known[context], False) for value, (context, _) in zip(whole, pairs, strict=True)]
            self.tick(len(found))
        return found

    def loglikelihood_rolling(self, requests: list[Any]) -> list[float]:
        return _rolling(self.predictor, requests, self.batch_size, self.tick)

    def generate_until(self, requests: list[Any]) -> list[str]:
        found: list[str] = []
        for start in range(0, len(requests), self.batch_size):
            part = [request.args for request in requests[start : start + self.batch_size]]
            tokens, stops = _asked(part[0][1])
            found += [
                _cut(text, stops) for text in self.predictor.generate([context for context, _ in part], tokens, stops)
            ]
            self.tick(len(found))
        return found

    def _sums(self, texts: list[str]) -> list[float]:
        return [float(values.sum()) for values, _ in self.predictor.token_logprobs(texts)] if texts else []


def _rolling(predictor: Predictor, requests: list[Any], batch_size: int, tick: Tick) -> list[float]:
    found: list[float] = []
    for start in range(0, len(requests), batch_size):
        texts = [request.args[0] for request in requests[start : start + batch_size]]
        found += [float(values.sum()) for values, _ in predictor.token_logprobs(texts)]
        tick(len(found))
    return found


def _asked(options: dict[str, Any]) -> tuple[int, list[str]]:
    until = options.get("until") or []
    return int(options.get("max_gen_toks", 256)), [until] if isinstance(until, str) else list(until)


def _cut(text: str, stops: Sequence[str]) -> str:
    for stop in stops:
        if stop:
            text = text.split(stop)[0]
    return text
