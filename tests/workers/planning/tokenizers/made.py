"""Small tokenizers of each kind, trained on a line of text by the `tokenizers` library."""

import json
from typing import Any

from tokenizers import Tokenizer as Library
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

from workers.planning.tokenizers.read import Tokenizer, tokenizer_read

TEXTS = {
    "cats": "the cat sat on the mat and the cat ate the rat",
    "code": "def main(argument): return argument + main(argument)",
    "chats": "le chat est sur la table et le chat mange",
}


def bytes_bpe(text: str, size: int = 280, special: tuple[str, ...] = ("<s>", "</s>")) -> Library:
    made = Library(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        [text] * 3,
        trainers.BpeTrainer(vocab_size=size, special_tokens=list(special), initial_alphabet=alphabet, show_progress=False),
    )  # fmt: skip
    return made


def word_piece(text: str) -> Library:
    made = Library(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    made.train_from_iterator(
        [text] * 3, trainers.WordPieceTrainer(vocab_size=60, special_tokens=special, show_progress=False)
    )
    return made


def unigram(text: str) -> Library:
    made = Library(models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.train_from_iterator(
        [text] * 3,
        trainers.UnigramTrainer(vocab_size=40, special_tokens=["<pad>", "<unk>"], unk_token="<unk>", show_progress=False),
    )  # fmt: skip
    return made


def read(library: Library, **config: Any) -> Tokenizer:
    files = {"tokenizer.json": library.to_str().encode(), "tokenizer_config.json": json.dumps(config).encode()}
    found = tokenizer_read({name: len(data) for name, data in files.items()}, files.__getitem__)
    assert found is not None
    return found


def loaded(tokenizer: Tokenizer) -> Library:
    """As the library reads what we write."""
    return Library.from_str(json.dumps(tokenizer.document))
