"""Text as pieces of tokens: every token is guessed once, what is hidden depends on the seed alone."""

import pytest
import torch

from tests.text_models import save_tokenizer
from workers.contracts.errors import UserError
from workers.engine.predict.tokenizers import load_tokenizer
from workers.engine.train.blocks import CausalBlocks, MaskedBlocks
from workers.engine.train.losses import IGNORED
from workers.engine.train.vocabulary import learn_tokenizer

TEXTS = ["a short one", "", "one that is longer than a piece of sixteen tokens can hold", "ünïcode 🙂"] * 3
START, END, MASK = 1, 2, 3


class Texts:
    def __init__(self, texts=TEXTS):
        self.texts = texts

    def __len__(self):
        return len(self.texts)

    def take(self, rows):
        return {"text": [self.texts[row] for row in rows]}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return load_tokenizer(save_tokenizer(tmp_path_factory.mktemp("tokenizer")), name="it")


def whole(blocks, seed=0):
    return blocks.batch(torch.arange(len(blocks)), seed=seed)


def test_pieces_in_a_row_guess_every_token_once(tokenizer):
    blocks = CausalBlocks(Texts(), tokenizer, length=16, name="it")
    stream = [token for text in TEXTS for token in [START, *tokenizer.encode(text, add_special_tokens=False), END]]
    batch = whole(blocks)
    guessed = [token for row in batch.targets["labels"][:, 1:].tolist() for token in row if token != IGNORED]
    assert guessed == stream[1:]
    assert batch.units == len(stream) - 1
    assert batch.inputs["input_ids"].shape == (len(blocks), 16)
    assert int(batch.inputs["attention_mask"].sum()) == len(stream) + len(blocks) - 1


def test_texts_with_gaps_keep_their_special_tokens_and_lose_nothing_in_between(tokenizer):
    blocks = MaskedBlocks(Texts(), tokenizer, length=16, name="it")
    batch = whole(blocks)
    ids, labels, mask = batch.inputs["input_ids"], batch.targets["labels"], batch.inputs["attention_mask"]
    original = torch.where(labels == IGNORED, ids, labels)
    bodies = [token for row, seen in zip(original, mask, strict=True) for token in row[seen == 1].tolist() if token > 4]
    assert bodies == [token for text in TEXTS for token in tokenizer.encode(text, add_special_tokens=False)]
    assert bool(((labels != IGNORED).sum(dim=1) >= 1).all())
    assert batch.units == int((labels != IGNORED).sum())


def test_shares_of_what_is_hidden_are_those_of_the_paper(tokenizer):
    blocks = MaskedBlocks(Texts(["all these many bytes of text " * 2] * 400), tokenizer, length=64, name="it")
    batch = whole(blocks)
    ids, labels = batch.inputs["input_ids"], batch.targets["labels"]
    hidden = labels != IGNORED
    assert float(hidden.float().mean()) == pytest.approx(0.15, abs=0.01)
    assert float((ids[hidden] == MASK).float().mean()) == pytest.approx(0.8, abs=0.02)
    # 1 in 261 of the drawn ones is the token that it replaces.
    assert float((ids[hidden] == labels[hidden]).float().mean()) == pytest.approx(0.1, abs=0.02)
    assert bool((ids[~hidden] != MASK).all())


def test_what_is_hidden_follows_the_seed(tokenizer):
    blocks = MaskedBlocks(Texts(), tokenizer, length=16, name="it")
    first, again, other = (whole(blocks, seed).targets["labels"] for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("kind", [CausalBlocks, MaskedBlocks])
def test_nothing_to_read_is_refused(tokenizer, kind):
    tokenizer_without_marks = load_tokenizer_like(tokenizer)
    with pytest.raises(UserError, match="nothing to learn"):
        kind(Texts([""]), tokenizer_without_marks, length=16, name="it")


def load_tokenizer_like(tokenizer):
    """The same one, that puts nothing before or after a text."""
    import copy

    plain = copy.deepcopy(tokenizer)
    plain.bos_token, plain.eos_token = None, None
    return plain


def test_learnt_tokenizer_is_the_same_each_time_and_loses_no_byte(tmp_path):
    first, second = (learn_tokenizer(Texts(TEXTS * 9), size=300, length=32, wraps=True) for _ in range(2))
    first.save_pretrained(tmp_path / "first")
    second.save_pretrained(tmp_path / "second")
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name
    assert 261 < len(first) <= 300
    for text in TEXTS:
        assert first.decode(first.encode(text, add_special_tokens=False)) == text
    again = load_tokenizer(tmp_path / "first", name="it")
    assert again.encode("one", "two") == first.encode("one", "two")


def test_vocabulary_that_cannot_hold_every_byte_is_refused():
    with pytest.raises(UserError, match="261 or more"):
        learn_tokenizer(Texts(), size=100, length=32, wraps=False)
