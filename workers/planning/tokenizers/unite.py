"""UNION of tokenizers: the first one's tokens keep their ids, then those of the others follow in the order of their own ids.

Nothing is ever taken out, and nothing depends on the order of a set. What mergekit does not do: new tokens of BPE come with the
merges that make them, and new pieces of Unigram with their scores, so that the result also finds them in a text. The first
tokenizer's merges go before the others', which therefore only join what the first leaves apart.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workers.planning.tokenizers.read import Tokenizer, pair_of
from workers.planning.tokenizers.slow import added_token

# Far below any score of a piece in use: such a piece is there for its place only.
_UNUSED_SCORE = -1e4


def unite(tokenizers: Sequence[Tokenizer], more: Iterable[str] = ()) -> Tokenizer:
    """One tokenizer of several of one style, with the tokens of `more` added, in the order of their characters.

    A token that any of them has as an added one is one here, with the settings of the first that does. A single tokenizer
    without `more` is given back as it is.
    """
    first = tokenizers[0]
    missing = sorted(set(more) - {token for tokenizer in tokenizers for token in tokenizer.tokens})
    if len(tokenizers) == 1 and not missing:
        return first
    ids, end = dict(first.tokens), first.end
    added: dict[str, dict[str, Any]] = {}
    for tokenizer in tokenizers:
        for token in tokenizer.tokens:
            if token not in ids:
                ids[token], end = end, end + 1
        for entry in tokenizer.added:
            added.setdefault(entry["content"], {**entry, "id": ids[entry["content"]]})
    for token in missing:
        ids[token], end = end, end + 1
        added[token] = added_token(token, ids[token])
    document = dict(first.document)
    document["added_tokens"] = sorted(added.values(), key=lambda entry: entry["id"])
    document["model"] = _model(first, tokenizers, ids, end)
    return Tokenizer(document, _config(first.config, document["added_tokens"]), first.template)


def _model(first: Tokenizer, tokenizers: Sequence[Tokenizer], ids: Mapping[str, int], end: int) -> dict[str, Any]:
    """Added tokens are among the model's own: the library gives others ids of its choice when it reads the file."""
    model = dict(first.model)
    if isinstance(model["vocab"], list):
        # The place in the list is the id: added tokens and gaps take theirs with a piece that no text is cut into.
        names = {place: token for token, place in ids.items()}
        for place in set(range(end)) - names.keys():
            names[place] = f"<unused{place}>" if f"<unused{place}>" not in ids else f"<unused place {place}>"
        scores: dict[str, float] = {}
        for tokenizer in tokenizers:
            for piece, score in tokenizer.model["vocab"]:
                scores.setdefault(piece, score)
        model["vocab"] = [[names[place], scores.get(names[place], _UNUSED_SCORE)] for place in range(end)]
        return model
    model["vocab"] = dict(sorted(ids.items(), key=lambda pair: pair[1]))
    if model["type"] == "BPE":
        skipped = len(model.get("continuing_subword_prefix") or "")
        merges = {pair_of(merge): None for tokenizer in tokenizers for merge in tokenizer.model.get("merges", ())}
        model["merges"] = [
            [left, right] for left, right in merges
            if all(part in model["vocab"] for part in (left, right, left + right[skipped:]))
        ]  # fmt: skip
    return model


def _config(config: Mapping[str, Any], added: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """tokenizer_config.json, whose list of added tokens goes before tokenizer.json's where it is there."""
    if not isinstance(config.get("added_tokens_decoder"), dict):
        return dict(config)
    listed = {str(entry["id"]): {key: value for key, value in entry.items() if key != "id"} for entry in added}
    return {**config, "added_tokens_decoder": {**listed, **config["added_tokens_decoder"]}}
