"""A tokenizer for a text model that starts from nothing: byte-level pairs, learnt from the very texts it will be trained on."""

from collections.abc import Iterator
from typing import Any

from workers.engine.train.batches import Examples
from workers.engine.train.refusals import refused

PAD, START, END, MASK, SEPARATOR = "<pad>", "<s>", "</s>", "<mask>", "<sep>"
SPECIAL = (PAD, START, END, MASK, SEPARATOR)
SMALLEST = 256 + len(SPECIAL)
_STEP = 256


def learn_tokenizer(examples: Examples, *, size: int, length: int, wraps: bool) -> Any:
    """At most `size` tokens: the special ones, one for each byte, and the pairs that occur most often. Nothing is unknown to it.

    Args:
        length: the longest input of the model, in tokens.
        wraps: whether a text stands between START and END, as encoders want it.

    Raises:
        UserError: too few tokens for every byte to have one.

    Source: Sennrich et al. 2016, arXiv:1508.07909, over bytes as in Radford et al. 2019.
    Determinism: the texts alone; ties between pairs go to the lower numbers.
    """
    if size < SMALLEST:
        raise refused(
            "vocabulary_small",
            f"A vocabulary of {size} cannot hold every byte: architecture.vocab_size must be {SMALLEST} or more.",
            "architecture.vocab_size",
        )
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=list(SPECIAL), show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), min_frequency=2,
    )  # fmt: skip
    tokenizer.train_from_iterator(_texts(examples), trainer)
    if wraps:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{START} $A {END}", pair=f"{START} $A {SEPARATOR} $B {END}",
            special_tokens=[(token, tokenizer.token_to_id(token)) for token in (START, SEPARATOR, END)],
        )  # fmt: skip
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PAD, bos_token=START, eos_token=END, mask_token=MASK, sep_token=SEPARATOR,
        cls_token=START, model_max_length=length, clean_up_tokenization_spaces=False,
    )  # fmt: skip


def special_ids(tokenizer: Any) -> dict[str, int]:
    """What a config says of its tokenizer's special tokens."""
    return {
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }


def _texts(examples: Examples) -> Iterator[list[str]]:
    for begin in range(0, len(examples), _STEP):
        taken = examples.take(list(range(begin, min(begin + _STEP, len(examples)))))
        yield [text for role in ("text", "text_pair") for text in taken.get(role, [])]
