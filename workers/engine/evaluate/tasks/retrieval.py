"""Retrieval: how far in front a query's own documents stand among all documents of the data."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.engine.evaluate.batches import Measured, batches, check_finite
from workers.engine.evaluate.options import text_option
from workers.engine.evaluate.tasks.similarity import unit
from workers.engine.predict.predictor import Doubles, Predictor

CUT = 10


def answer(
    predictor: Predictor,
    examples: Measured,
    *,
    batch_size: int,
    options: Mapping[str, Any],
    between: Callable[[int], None] = lambda done: None,
) -> dict[str, NDArray[Any]]:
    """Ranks the distinct documents of `examples` by the cosine with each query.

    A query's relevant documents are those of all rows with that query. Of equal scores the irrelevant documents stand in front:
    a model that cannot tell them apart gains nothing by it. `rank` counts from 1 and is that of the row's own document,
    relevant ones in front of it left out; nDCG at 10 = Σ 1/log2(rank + 1) over the relevant in the first ten, over the most
    that could be; reciprocal_rank is that of the first relevant document, 0 beyond the tenth place.
    `options`: query_prefix and document_prefix, which some models want in front of their texts.

    Source: Järvelin and Kekäläinen 2002 (nDCG, binary gain).

    Returns:
        ndcg_at_10, recall_at_10, reciprocal_rank float64, rank int32, each `[n]`.
    """
    queries, documents = _texts(examples, batch_size)
    corpus = {text: place for place, text in enumerate(dict.fromkeys(documents))}
    relevant: dict[str, set[int]] = {}
    for query, document in zip(queries, documents, strict=True):
        relevant.setdefault(query, set()).add(corpus[document])
    held = _vectors(predictor, list(corpus), text_option(options, "document_prefix"), batch_size, lambda: between(0))
    found: dict[str, list[float]] = {name: [] for name in ("ndcg_at_10", "recall_at_10", "reciprocal_rank", "rank")}
    prefix = text_option(options, "query_prefix")
    for rows in batches(examples, batch_size):
        asked = unit(predictor.embed([prefix + queries[row] for row in rows]))
        check_finite(asked, rows, predictor.name)
        for row, scores in zip(rows, asked @ held.T, strict=True):
            own = corpus[documents[row]]
            for name, value in _measures(scores, sorted(relevant[queries[row]]), own).items():
                found[name].append(value)
        between(int(rows[-1]) + 1)
    return {name: np.array(values, dtype=np.int32 if name == "rank" else np.float64) for name, values in found.items()}


def _measures(scores: Doubles, relevant: list[int], own: int) -> dict[str, float]:
    others = np.ones(len(scores), dtype=bool)
    others[relevant] = False
    in_front = {place: int((scores[others] >= scores[place]).sum()) for place in relevant}
    order = sorted(relevant, key=lambda place: (in_front[place], place))
    ranks = {place: in_front[place] + before + 1 for before, place in enumerate(order)}
    best = sorted(ranks.values())
    gain = sum(1 / np.log2(rank + 1) for rank in best if rank <= CUT)
    most = sum(1 / np.log2(rank + 1) for rank in range(1, min(len(relevant), CUT) + 1))
    return {
        "ndcg_at_10": float(gain / most),
        "recall_at_10": sum(rank <= CUT for rank in best) / len(relevant),
        "reciprocal_rank": 1 / best[0] if best[0] <= CUT else 0.0,
        "rank": in_front[own] + 1,
    }


def _texts(examples: Measured, batch_size: int) -> tuple[list[str], list[str]]:
    queries: list[str] = []
    documents: list[str] = []
    for rows in batches(examples, batch_size):
        taken = examples.take(rows)
        queries += taken["query"]
        documents += taken["document"]
    return queries, documents


def _vectors(
    predictor: Predictor, texts: list[str], prefix: str, batch_size: int, between: Callable[[], None]
) -> Doubles:
    parts = []
    for start in range(0, len(texts), batch_size):
        found = unit(predictor.embed([prefix + text for text in texts[start : start + batch_size]]))
        check_finite(found, np.arange(start, start + len(found)), predictor.name)
        parts.append(found)
        between()
    return np.concatenate(parts)
