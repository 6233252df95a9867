"""A transformers model, with or without an adapter in it, as a Predictor."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from workers.engine.predict import language, vectors
from workers.engine.predict.inputs import Pixels, Texts, on_device
from workers.engine.predict.predictor import Batch, Capability, Doubles, Floats, Predictor, refused
from workers.engine.predict.tokenizers import check_vocabulary, end_tokens, load_tokenizer, longest_input, start_token
from workers.planning.architectures import shape_of
from workers.planning.heads import Head

_CAN: dict[str, tuple[Capability, ...]] = {
    "ForImageClassification": ("classify",),
    "ForSequenceClassification": ("classify", "embed"),
    "ForCausalLM": ("token_logprobs", "generate", "embed"),
    "ForMaskedLM": ("mlm", "embed"),
}


class TransformerPredictor(Predictor):
    """`folder` is where tokenizer and preprocessor lie: that of the model, or of an adapter's base."""

    def __init__(
        self, module: Any, folder: Path, *, head: Head, name: str, device: str = "cpu", size_bytes: int = 0
    ) -> None:
        self.module = module.to(device)
        self.config: Any = module.config
        names = getattr(self.config, "id2label", None) or {}
        is_classifier = head.suffix.endswith("Classification")
        labels = [str(names[index]) for index in sorted(names)] if is_classifier else []
        parameters = sum(tensor.numel() for tensor in _distinct(module))
        super().__init__(name=name, labels=labels, parameters=parameters, size_bytes=size_bytes, device=device)
        self.head, self.dtype = head, next(module.parameters()).dtype
        self.takes_images = shape_of(self.config.to_dict()).modality == "image" or hasattr(self.config, "num_channels")
        deeds = set(_CAN.get(head.suffix, () if self.takes_images else ("embed",)))
        if head.suffix == "ForSequenceClassification" and len(labels) == 1:
            deeds = {"regress", "embed"}
        self.can = frozenset({*deeds, "features"})
        self.pooling = vectors.pooling_of(folder)
        self.max_length = 0
        self.tokenizer: Any = None
        if self.takes_images:
            self.pixels = Pixels(folder, self.config, name)
        else:
            self.tokenizer = load_tokenizer(folder, name=name)
            check_vocabulary(self.tokenizer, module, name=name)
            self.max_length = longest_input(self.tokenizer, self.config)
            self.texts = Texts(self.tokenizer, self.max_length, self._cut_noticed)
            if getattr(self.config, "pad_token_id", None) is None:
                # Classifiers on decoders look for the last token that is no padding.
                self.config.pad_token_id = self.tokenizer.pad_token_id

    @torch.inference_mode()
    def classify(self, batch: Batch) -> Doubles:
        self._need("classify")
        found: Doubles = self._logits(batch).cpu().numpy()
        return found

    @torch.inference_mode()
    def regress(self, batch: Batch) -> Doubles:
        self._need("regress")
        found: Doubles = self._logits(batch)[:, 0].cpu().numpy()
        return found

    @torch.inference_mode()
    def features(self, batch: Batch) -> Floats:
        inputs = self.inputs(batch)
        if self.labels:
            return vectors.head_inputs(self.module, inputs, len(self.labels)).cpu().numpy()
        return vectors.hidden_pooled(self.module, inputs, self.pooling).cpu().numpy()

    def embed(self, texts: Sequence[str]) -> Floats:
        self._need("embed")
        return vectors.hidden_pooled(self.module, self.inputs({"text": list(texts)}), self.pooling).cpu().numpy()

    def token_logprobs(self, texts: Sequence[str], max_length: int | None = None) -> list[tuple[Doubles, int]]:
        self._need("token_logprobs")
        encoded = [self.encode(text) for text in texts]
        found = language.text_logprobs(
            self.module, encoded, start=self.start_token, vocabulary=len(self.tokenizer), length=self._length(max_length),
            pad=self.tokenizer.pad_token_id,
        )  # fmt: skip
        return [(values, len(values)) for values in found]

    def score_tokens(
        self, pairs: Sequence[language.Pair], max_length: int | None = None
    ) -> list[tuple[Doubles, NDArray[np.bool_]]]:
        """For each (context, continuation) of token numbers: ln p of every token of the continuation, and whether it was the likeliest."""
        self._need("token_logprobs")
        return language.continuation_logprobs(
            self.module, pairs, length=self._length(max_length), pad=self.tokenizer.pad_token_id
        )

    def mlm(
        self, texts: Sequence[str], draws: Sequence[int], share: float = 0.15, max_length: int | None = None
    ) -> list[tuple[Doubles, NDArray[np.bool_]]]:
        self._need("mlm")
        if self.tokenizer.mask_token_id is None:
            raise refused("tokenizer_misfit", f"The tokenizer of {self.name} has no token for gaps.")
        encoded = self.tokenizer(
            list(texts), truncation=True, max_length=self._length(max_length), return_special_tokens_mask=True
        )
        if any(row.overflowing for row in encoded.encodings or ()):
            self._cut_noticed()
        rows = encoded["input_ids"]
        hidden = [
            language.hidden_positions(draw, [at for at, is_special in enumerate(special) if not is_special], share)
            for draw, special in zip(draws, encoded["special_tokens_mask"], strict=True)
        ]
        if any(not gaps for gaps in hidden):
            raise refused(
                "text_empty", f"{self.name} sees no tokens in one of the texts. Empty texts cannot be measured.", "data"
            )
        return language.gap_logprobs(
            self.module, rows, hidden, mask_token=self.tokenizer.mask_token_id, pad=self.tokenizer.pad_token_id
        )

    def generate(self, prompts: Sequence[str], max_new_tokens: int, stop: Sequence[str] = ()) -> list[str]:
        self._need("generate")
        encoded = [self._prompt(prompt, max_new_tokens) for prompt in prompts]
        ends = end_tokens(self.tokenizer, self.module)

        def is_done(row: int, tokens: list[int]) -> bool:
            return any(mark in self.tokenizer.decode(tokens) for mark in stop) if stop else False

        written = language.greedy(
            self.module, encoded, new_tokens=max_new_tokens, length=self.max_length, pad=self.tokenizer.pad_token_id,
            ends=ends, is_done=is_done,
        )  # fmt: skip
        return [_cut(self.tokenizer.decode(tokens, skip_special_tokens=True), stop) for tokens in written]

    @property
    def image_form(self) -> tuple[int | None, int | None, int | None]:
        return self.pixels.wanted if self.takes_images else (None, None, None)

    @property
    def start_token(self) -> int | None:
        return start_token(self.tokenizer)

    def encode(self, text: str) -> list[int]:
        """Token numbers of `text` alone, without the special ones around it."""
        tokens: list[int] = self.tokenizer.encode(text, add_special_tokens=False)
        unknown = self.tokenizer.unk_token_id
        if unknown is not None and unknown in tokens:
            self.remark(
                f"The tokenizer of {self.name} does not know all of the text. What it does not know is cheap to guess: "
                "bits per byte come out too good."
            )
        return tokens

    def _prompt(self, text: str, new_tokens: int) -> list[int]:
        """With what the tokenizer puts around a text by itself: a Llama that never saw a text without `<s>` goes astray at once."""
        tokens: list[int] = self.tokenizer.encode(text) or [self.start_token or 0]
        if len(tokens) > max(1, self.max_length - new_tokens):
            self.remark(
                f"The text is longer than {self.name} sees, with {new_tokens} tokens to write: its beginning was left out."
            )
        return tokens

    def inputs(self, batch: Batch) -> dict[str, torch.Tensor]:
        """What the model's forward takes for `batch`, on its device.

        Raises:
            UserError: the batch holds nothing that the model takes, or pictures of another form.
        """
        role = "image" if self.takes_images else "text"
        if role not in batch:
            raise refused("wrong_input", f"{self.name} takes {role}s; the data holds {', '.join(sorted(batch))}.")
        made = self.pixels(batch) if self.takes_images else self.texts(batch)
        return on_device(made, self.device, self.dtype)

    def _logits(self, batch: Batch) -> torch.Tensor:
        logits: torch.Tensor = self.module(**self.inputs(batch)).logits
        return logits.to(torch.float64)

    def _length(self, asked: int | None) -> int:
        return min(asked or self.max_length, self.max_length)

    def _cut_noticed(self) -> None:
        self.remark(
            f"Some texts are longer than the {self.max_length} tokens that {self.name} sees. Their ends were left out."
        )

    def _need(self, deed: Capability) -> None:
        if deed not in self.can:
            raise self.cannot(deed)


def _distinct(module: Any) -> list[torch.Tensor]:
    """Parameters once each: tied ones are one tensor."""
    return list({tensor.data_ptr(): tensor for tensor in module.parameters()}.values())


def _cut(text: str, stop: Sequence[str]) -> str:
    ends = [at for mark in stop if (at := text.find(mark)) >= 0]
    return text[: min(ends)] if ends else text
