"""Tiny models of text that transformers loads: random weights of a seed, and a tokenizer with one token per byte. No download."""

from pathlib import Path
from typing import Any

import torch

SPECIAL = ("<pad>", "<s>", "</s>", "<mask>", "<unk>")
SIZES: dict[str, Any] = {"vocab_size": 256 + len(SPECIAL)}


def save_tokenizer(folder: Path, *, length: int = 64) -> Path:
    """Byte-level, without merges: what goes in can be told from what comes out, and every byte is a token."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE(vocab={letter: index for index, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in SPECIAL])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", mask_token="<mask>",
        model_max_length=length, clean_up_tokenization_spaces=False,
    )  # fmt: skip
    fast.save_pretrained(folder)
    return folder


def gpt2_folder(folder: Path, *, seed: int = 0, labels: int | None = None, length: int = 64) -> Path:
    """A left-to-right language model, or with `labels` a text classifier on one."""
    from transformers import GPT2Config, GPT2ForSequenceClassification, GPT2LMHeadModel

    torch.manual_seed(seed)
    config = GPT2Config(
        **SIZES, n_embd=16, n_layer=1, n_head=2, n_positions=length, bos_token_id=1, eos_token_id=2, pad_token_id=0,
        initializer_range=0.3, **({} if labels is None else {"num_labels": labels}),
    )  # fmt: skip
    model = GPT2LMHeadModel(config) if labels is None else GPT2ForSequenceClassification(config)
    model.save_pretrained(folder)
    return save_tokenizer(folder, length=length)


def llama_folder(folder: Path, *, seed: int = 0, length: int = 64) -> Path:
    """A left-to-right model whose tokenizer puts `<s>` before every text, as those of Llama do."""
    from tokenizers import Tokenizer, processors
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        **SIZES, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=length,
        bos_token_id=1, eos_token_id=2, pad_token_id=0, initializer_range=0.5,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    path = str(save_tokenizer(folder, length=length) / "tokenizer.json")
    tokenizer = Tokenizer.from_file(path)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)]
    )
    tokenizer.save(path)
    return folder


def bert_folder(
    folder: Path, *, head: str = "MaskedLM", seed: int = 0, labels: tuple[str, ...] = ("no", "yes"), length: int = 64
) -> Path:
    """An encoder. `head` is MaskedLM, SequenceClassification (one label: a regression) or "" for none."""
    import transformers

    torch.manual_seed(seed)
    config = transformers.BertConfig(
        **SIZES, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, initializer_range=0.3,
        max_position_embeddings=length, pad_token_id=0, id2label=dict(enumerate(labels)),
        label2id={name: index for index, name in enumerate(labels)},
    )  # fmt: skip
    model = getattr(transformers, f"BertFor{head}" if head else "BertModel")(config)
    model.save_pretrained(folder)
    return save_tokenizer(folder, length=length)
