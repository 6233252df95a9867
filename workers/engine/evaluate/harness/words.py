"""How near a written answer comes to the right one."""

import re
from collections import Counter

_WORD = re.compile(r"\w+")


def exact_match(prediction: str, answer: str) -> float:
    """1 where both are the same text, space around them left aside."""
    return float(prediction.strip() == answer.strip())


def token_f1(prediction: str, answer: str) -> float:
    """`2·shared/(words of the prediction + words of the answer)`, words in lower case, each as often as it stands there.

    Source: Rajpurkar et al. 2016 (SQuAD), without its list of articles, which are those of one language. 1 where neither has a
    word, 0 where only one has.
    """
    written, right = (Counter(_WORD.findall(text.casefold())) for text in (prediction, answer))
    total = written.total() + right.total()
    return 2 * (written & right).total() / total if total else 1.0
