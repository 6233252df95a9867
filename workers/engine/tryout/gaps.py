"""What a masked language model would write into the first gap of a text."""

import numpy as np
import torch
from numpy.typing import NDArray

from workers.engine.predict.predictor import Predictor, refused


@torch.inference_mode()
def gap_scores(predictor: Predictor, text: str) -> tuple[NDArray[np.float64], list[str]]:
    """The logits at the first gap of `text`, float64 `[vocabulary]`, and the token that each stands for, as text.

    A gap is the tokenizer's mask token, or `___`.

    Raises:
        UserError: the model does not fill gaps, or the text has none among the tokens that the model sees.
    """
    if "mlm" not in predictor.can:
        raise predictor.cannot("mlm")
    tokenizer, module = predictor.tokenizer, predictor.module  # type: ignore[attr-defined]
    mark = tokenizer.mask_token
    if mark is None:
        raise refused("tokenizer_misfit", f"The tokenizer of {predictor.name} has no token for gaps.", "model")
    inputs = predictor.inputs({"text": [text.replace("___", mark)]})  # type: ignore[attr-defined]
    places = (inputs["input_ids"][0] == tokenizer.mask_token_id).nonzero()
    if len(places) == 0:
        message = f"The text has no gap. Write {mark} or ___ where a word is missing, among the first {predictor.max_length} tokens."  # type: ignore[attr-defined]
        raise refused("gap_missing", message, "input.text")
    logits = module(**inputs).logits[0, int(places[0])].to(torch.float64).cpu().numpy()
    count = min(len(logits), len(tokenizer))
    return logits[:count], [tokenizer.decode([index]).strip() for index in range(count)]
