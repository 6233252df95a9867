import json
from collections.abc import Callable

import pytest
from tokenizers import AddedToken
from tokenizers import Tokenizer as Library

from tests.workers.planning.tokenizers.made import TEXTS, bytes_bpe, loaded, read, unigram, word_piece
from workers.planning.tokenizers.files import TokenizerError
from workers.planning.tokenizers.read import tokenizer_read
from workers.planning.tokenizers.unite import unite

MAKERS: tuple[Callable[[str], Library], ...] = (bytes_bpe, word_piece, unigram)


@pytest.mark.parametrize("make", MAKERS)
def test_a_union_keeps_the_firsts_ids_and_adds_the_others_in_order(make: Callable[[str], Library]) -> None:
    parts = [read(make(text)) for text in TEXTS.values()]
    union = unite(parts)
    first = parts[0]
    assert {token: union.tokens[token] for token in first.tokens} == first.tokens
    assert union.tokens.keys() == {token for part in parts for token in part.tokens}
    new = [token for part in parts[1:] for token in part.tokens if token not in first.tokens]
    assert [token for token in union.tokens if token not in first.tokens] == list(dict.fromkeys(new))
    assert sorted(union.tokens.values()) == list(range(len(union.tokens)))


@pytest.mark.parametrize("make", MAKERS)
def test_the_library_reads_a_union_with_our_ids_and_the_texts_of_all(make: Callable[[str], Library]) -> None:
    """Every text comes back, and the tokens of every tokenizer are found in its own text."""
    libraries = [make(text) for text in TEXTS.values()]
    libraries[1].add_special_tokens([AddedToken("<|im_start|>", special=True)])
    union = unite([read(library) for library in libraries])
    made = loaded(union)
    assert made.get_vocab() == union.tokens
    for library, text in zip(libraries, TEXTS.values(), strict=True):
        encoded = made.encode(text)
        assert made.decode(encoded.ids) == library.decode(library.encode(text).ids)
        assert len(encoded.ids) <= 2 * len(library.encode(text).ids)
    assert made.encode("<|im_start|>").ids == [union.tokens["<|im_start|>"]]


def test_a_union_with_itself_is_itself() -> None:
    one = read(bytes_bpe(TEXTS["cats"]))
    union = unite([one, one])
    assert union.tokens == one.tokens
    assert union.model["merges"] == [list(pair) for pair in one.model["merges"]]
    assert unite([one]) is one


def test_merges_of_the_first_go_before_those_of_others() -> None:
    cats, chats = read(bytes_bpe(TEXTS["cats"])), read(bytes_bpe(TEXTS["chats"]))
    merges = unite([cats, chats]).model["merges"]
    assert merges[: len(cats.model["merges"])] == [list(pair) for pair in cats.model["merges"]]
    assert {tuple(pair) for pair in merges} == {tuple(pair) for one in (cats, chats) for pair in one.model["merges"]}


def test_named_tokens_come_last_and_are_matched_as_they_stand() -> None:
    one = read(bytes_bpe(TEXTS["cats"]))
    union = unite([one], ["<z>", "<a>", "the"])
    assert [union.tokens[token] for token in ("<a>", "<z>")] == [one.end, one.end + 1]
    assert loaded(union).encode("<z>the").ids == [union.tokens["<z>"], one.tokens["the"]]


def test_a_gap_among_ids_stays_one() -> None:
    """The base of a union may have rows that belong to no token: they keep their numbers."""
    library = bytes_bpe(TEXTS["cats"])
    document = json.loads(library.to_str())
    moved = next(token for token, place in document["model"]["vocab"].items() if place == 270)
    document["model"]["vocab"][moved] = 500
    one = read(Library.from_str(json.dumps(document)))
    union = unite([one, read(bytes_bpe(TEXTS["code"]))])
    assert union.tokens[moved] == 500
    assert min(place for token, place in union.tokens.items() if token not in one.tokens) == 501


def test_an_added_token_of_any_is_an_added_token_of_the_union() -> None:
    plain, marked = bytes_bpe(TEXTS["cats"]), bytes_bpe(TEXTS["code"])
    marked.add_tokens([AddedToken("cat", single_word=True)])
    union = unite([read(plain), read(marked)])
    (entry,) = [entry for entry in union.added if entry["content"] == "cat"]
    assert (entry["id"], entry["single_word"]) == (union.tokens["cat"], True)


def test_slow_files_stand_in_for_tokenizer_json() -> None:
    fast = bytes_bpe(TEXTS["cats"])
    model = json.loads(fast.to_str())["model"]
    merges = "#version: 0.2\n" + "\n".join(" ".join(pair) for pair in model["merges"])
    files = {"vocab.json": json.dumps(model["vocab"]).encode(), "merges.txt": merges.encode()}
    found = tokenizer_read({name: len(data) for name, data in files.items()}, files.__getitem__)
    assert found is not None
    assert found.style == "byte-level BPE"
    assert loaded(found).encode(TEXTS["code"]).ids == fast.encode(TEXTS["code"]).ids
    pieces = word_piece(TEXTS["cats"])
    lines = sorted(pieces.get_vocab(), key=pieces.get_vocab().__getitem__)
    data = "\n".join(lines).encode()
    found = tokenizer_read({"vocab.txt": len(data)}, lambda name: data)
    assert found is not None
    assert loaded(found).encode("The cat").tokens == ["[CLS]", *pieces.encode("the cat").tokens, "[SEP]"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("tokenizer.json", b"{", "no JSON"),
        ("tokenizer.json", b"[]", "no keys and values"),
        ("tokenizer.json", b"{}", "without a model"),
        ("tokenizer.json", b"\xff", "UTF-8"),
        ("tokenizer.json", b"[" * 100_000, "no JSON"),
        ("tokenizer.json", b'{"model": {"type": "BPE", "vocab": {"a": "x"}, "merges": []}}', "no list of tokens"),
        ("tokenizer.json", b'{"model": {"type": "BPE", "vocab": {"a": -1}, "merges": []}}', "no list of tokens"),
        ("tokenizer.json", b'{"model": {"vocab": {"a": 1}, "merges": [["a"]]}}', "no pairs"),
        ("tokenizer.json", b'{"model": {"vocab": [["a", 0.5], 3]}}', "no list of tokens"),
        ("tokenizer.json", b'{"model": {"vocab": {}}, "added_tokens": [{"content": "x"}]}', "no content or id"),
        ("spiece.model", b"\n\x0c", "AutoTokenizer"),
    ],
)  # fmt: skip
def test_a_tokenizer_that_cannot_be_read_says_why(name: str, content: bytes, reason: str) -> None:
    with pytest.raises(TokenizerError, match=reason):
        tokenizer_read({name: len(content)}, lambda _: content)


def test_no_tokenizer_is_none() -> None:
    assert tokenizer_read({"config.json": 3}, lambda _: b"{}") is None


def test_a_huge_tokenizer_is_not_read() -> None:
    with pytest.raises(TokenizerError, match="not read"):
        tokenizer_read({"tokenizer.json": 2**40}, lambda _: pytest.fail("read"))
