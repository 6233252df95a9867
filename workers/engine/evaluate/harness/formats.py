"""FORMATS: how a question with choices is written down. Functions of ours, one per style: text from data is only ever put in, never run."""

from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_uppercase

from workers.engine.evaluate.harness.docs import Doc


@dataclass(frozen=True)
class Format:
    """`text` stands before the answer, `choices` are the answers that are weighed, in the order of the labels."""

    text: Callable[[Doc], str]
    choices: Callable[[Doc], list[str]]


def _question(doc: Doc) -> str:
    return str(doc["question"])


def _choices(doc: Doc) -> list[str]:
    return list(doc["choices"])


def _lettered(doc: Doc) -> str:
    lines = [f"{letter}. {choice}" for letter, choice in zip(_letters(doc), doc["choices"], strict=True)]
    return "\n".join([str(doc["question"]), *lines, "Answer:"])


def _letters(doc: Doc) -> list[str]:
    """A to Z, then AA, AB …"""
    return [
        (ascii_uppercase[index // 26 - 1] if index >= 26 else "") + ascii_uppercase[index % 26]
        for index in range(len(doc["choices"]))
    ]


FORMATS: dict[str, Format] = {"plain": Format(_question, _choices), "letters": Format(_lettered, _letters)}
