"""Tied weights: a checkpoint that shares its input embeddings with its head stores them once, under the first name."""

from collections.abc import Mapping

from workers.contracts.facts import TensorFact
from workers.planning.members import Known

_PAIRS = (
    ("lm_head.weight", ("model.embed_tokens.weight", "transformer.wte.weight", "model.decoder.embed_tokens.weight", "shared.weight")),
    ("cls.predictions.decoder.weight", ("bert.embeddings.word_embeddings.weight",)),
    ("lm_head.decoder.weight", ("roberta.embeddings.word_embeddings.weight",)),
)  # fmt: skip


def embedding_of(head: str, tensors: Mapping[str, TensorFact]) -> str:
    """The embeddings that are this head as well where a model ties the two; "" for a tensor that is no head."""
    return next((key for name, keys in _PAIRS if name == head for key in keys if key in tensors), "")


def head_of(embedding: str) -> str:
    """The head that shares these embeddings in a tied model; "" for other tensors."""
    return next((head for head, keys in _PAIRS if embedding in keys), "")


HEADS = dict(_PAIRS)


def stand_in(model: Known, name: str) -> tuple[str, TensorFact | None]:
    """The tensor that plays the part of `name` in a model, and the key it is stored under."""
    fact = model.facts.tensors.get(name)
    if fact is not None or not model.shape.is_tied:
        return name, fact
    for head, embeddings in _PAIRS:
        if name == head:
            for key in embeddings:
                if key in model.facts.tensors:
                    return key, model.facts.tensors[key]
    return name, None


def is_tied_head(model: Known, name: str) -> bool:
    """Whether `name` is a head that this model has through its embeddings."""
    return model.shape.is_tied and any(name == head for head, _ in _PAIRS)
