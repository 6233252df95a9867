"""Loads an entry's tokenizer, and what a model needs of it: a token to start with, one to pad with, the longest input."""

from pathlib import Path
from typing import Any

from workers.engine.predict.modules import plain, transformers_quietly
from workers.engine.predict.predictor import refused
from workers.planning.extract import TOKENIZER_FILES

# Tokenizers that do not know their model's bound name a number far beyond any model.
_UNBOUNDED = 10**9


def load_tokenizer(folder: Path, *, name: str) -> Any:
    """The tokenizer in `folder`. SECURITY: no code of the repo is run.

    Raises:
        UserError: there is none, or it cannot be read.
    """
    # Asked for a folder without one, transformers makes up a tokenizer that knows no words.
    if not any((folder / file).is_file() for file in TOKENIZER_FILES):
        raise refused("tokenizer_missing", f"{name} brings no tokenizer. Texts cannot go into it.")
    transformers = transformers_quietly()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:
        # Its readers are written in several languages and raise what they like, over files that somebody uploaded.
        raise refused(
            "tokenizer_unloadable", f"The tokenizer of {name} cannot be read: {plain(error, folder)}"
        ) from error
    if tokenizer.pad_token_id is None:
        # Padding is masked out everywhere, so that any token will do.
        tokenizer.pad_token_id = tokenizer.eos_token_id if tokenizer.eos_token_id is not None else 0
    return tokenizer


def check_vocabulary(tokenizer: Any, module: Any, *, name: str) -> None:
    """Raises UserError when the tokenizer makes tokens that the model has no vector for: torch would fail in the middle."""
    rows = module.get_input_embeddings().num_embeddings
    if len(tokenizer) > rows:
        raise refused(
            "tokenizer_misfit",
            f"The tokenizer of {name} knows {len(tokenizer)} tokens, its model {rows}. They do not belong together.",
        )


def longest_input(tokenizer: Any, config: Any) -> int:
    """In tokens: the smaller of what model and tokenizer name, 1024 where neither does."""
    text = getattr(config, "text_config", config)
    bounds = [
        value
        for value in (getattr(text, "max_position_embeddings", None), getattr(tokenizer, "model_max_length", None))
        if isinstance(value, int) and 0 < value < _UNBOUNDED
    ]
    length = min(bounds, default=1024)
    # RoBERTa and its kin count positions from behind the padding token.
    offset = (getattr(text, "pad_token_id", None) or 0) + 1
    return (
        length - offset
        if _counts_from_padding(text) and length == getattr(text, "max_position_embeddings", None)
        else length
    )


def start_token(tokenizer: Any) -> int | None:
    """The token that stands before a text: the beginning of a sentence, else the end of one; None without either."""
    for token in (tokenizer.bos_token_id, tokenizer.eos_token_id):
        if token is not None:
            return int(token)
    return None


def end_tokens(tokenizer: Any, module: Any) -> list[int]:
    """Those after which nothing more is written: what the model's generation config names, else the tokenizer's end of a text."""
    named = getattr(getattr(module, "generation_config", None), "eos_token_id", None)
    if named is None:
        named = tokenizer.eos_token_id
    return [] if named is None else [int(token) for token in (named if isinstance(named, list | tuple) else [named])]


def _counts_from_padding(config: Any) -> bool:
    return getattr(config, "model_type", "") in {"roberta", "xlm-roberta", "camembert", "mpnet"}
