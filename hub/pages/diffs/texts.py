"""Two texts as hunks of lines with both numbers. Bounded: what is long or tangled is shown as one block out, one block in."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from typing import Literal

AROUND = 3
MOST_PAIRS = 250_000  # lines of one side times lines of the other: what aligning them costs
MOST_LINES = 2_000
LINE_CHARACTERS = 2_000


@dataclass(frozen=True)
class Line:
    """`old` and `new` are numbers from one; a gap has neither."""

    kind: Literal["same", "added", "removed", "gap"]
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True)
class TextDiff:
    lines: tuple[Line, ...]
    added: int
    removed: int
    is_cut: bool


def text_diff(before: str, after: str) -> TextDiff:
    old, new = before.splitlines(), after.splitlines()
    blocks = list(_blocks(old, new))
    added = sum(block[4] - block[3] for block in blocks if block[0] != "equal")
    removed = sum(block[2] - block[1] for block in blocks if block[0] != "equal")
    lines = tuple(islice(_lines(old, new, blocks), MOST_LINES + 1))
    return TextDiff(lines[:MOST_LINES], added, removed, len(lines) > MOST_LINES)


Block = tuple[str, int, int, int, int]


def _blocks(old: list[str], new: list[str]) -> Iterator[Block]:
    """Blocks of both. The equal head and tail are cut off first: most changes are small."""
    head = next((i for i, (one, two) in enumerate(zip(old, new, strict=False)) if one != two), min(len(old), len(new)))
    most = min(len(old), len(new)) - head
    tail = next((i for i in range(most) if old[-1 - i] != new[-1 - i]), most)
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    if head:
        yield "equal", 0, head, 0, head
    if len(middle_old) * len(middle_new) > MOST_PAIRS:
        yield "replace", head, len(old) - tail, head, len(new) - tail
    else:
        for kind, i, j, k, m in SequenceMatcher(None, middle_old, middle_new, autojunk=False).get_opcodes():
            yield kind, i + head, j + head, k + head, m + head
    if tail:
        yield "equal", len(old) - tail, len(old), len(new) - tail, len(new)


def _lines(old: list[str], new: list[str], blocks: list[Block]) -> Iterator[Line]:
    last = len(blocks) - 1
    for place, (kind, i, j, k, m) in enumerate(blocks):
        if kind != "equal":
            yield from (Line("removed", number + 1, None, old[number][:LINE_CHARACTERS]) for number in range(i, j))
            yield from (Line("added", None, number + 1, new[number][:LINE_CHARACTERS]) for number in range(k, m))
            continue
        begin = 0 if place == 0 else AROUND
        end = 0 if place == last else AROUND
        if j - i <= begin + end + 1 and place not in (0, last):
            yield from _same(old, i, j, k)
            continue
        yield from _same(old, i, min(j, i + begin), k)
        hidden = j - i - begin - end
        if hidden > 0 and last > 0:
            yield Line("gap", None, None, f"{hidden} unchanged {'line' if hidden == 1 else 'lines'}")
        start = max(j - end, i + begin)
        yield from _same(old, start, j, k + start - i)


def _same(old: list[str], i: int, j: int, k: int) -> Iterator[Line]:
    return (Line("same", number + 1, k + number - i + 1, old[number][:LINE_CHARACTERS]) for number in range(i, j))
