"""Layered layout: longest-path layers, barycentre ordering in two sweeps. Cycles in what people claim are cut, not followed."""

from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True)
class Placed:
    """`layer` counts along the direction of descent, `slot` across it; both from zero, slots may be halves."""

    key: str
    layer: int
    slot: float


def _acyclic(keys: list[str], edges: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The edges without those that would close a cycle, found depth first in the given order."""
    children: dict[str, list[str]] = defaultdict(list)
    for parent, child in edges:
        if parent != child:
            children[parent].append(child)
    kept: list[tuple[str, str]] = []
    state: dict[str, int] = {}
    for root in keys:
        if root in state:
            continue
        state[root] = 1
        stack = [(root, iter(children[root]))]
        while stack:
            node, rest = stack[-1]
            child = next(rest, None)
            if child is None:
                state[node] = 2
                stack.pop()
            elif state.get(child) != 1:
                kept.append((node, child))
                if child not in state:
                    state[child] = 1
                    stack.append((child, iter(children[child])))
    return kept


def _layers(keys: list[str], edges: list[tuple[str, str]]) -> dict[str, int]:
    """Longest path from a root; roots then move next to their nearest child."""
    parents: dict[str, list[str]] = defaultdict(list)
    children: dict[str, list[str]] = defaultdict(list)
    for parent, child in edges:
        parents[child].append(parent)
        children[parent].append(child)
    layer: dict[str, int] = {}
    waiting = {key: len(parents[key]) for key in keys}
    ready = [key for key in keys if not waiting[key]]
    while ready:
        key = ready.pop(0)
        layer[key] = max((layer[parent] + 1 for parent in parents[key]), default=0)
        for child in children[key]:
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
    for key in keys:
        if not parents[key] and children[key]:
            layer[key] = min(layer[child] for child in children[key]) - 1
    return layer


def _ordered(rows: list[list[str]], edges: list[tuple[str, str]]) -> list[list[str]]:
    """One sweep down and one up: each node goes to the mean place of its neighbours in the layer before."""
    parents: dict[str, list[str]] = defaultdict(list)
    children: dict[str, list[str]] = defaultdict(list)
    for parent, child in edges:
        parents[child].append(parent)
        children[parent].append(child)

    def sweep(order: list[list[str]], near: dict[str, list[str]]) -> None:
        place = {key: index for row in order for index, key in enumerate(row)}
        for row in order:
            row.sort(
                key=lambda key: sum(place[other] for other in near[key]) / len(near[key]) if near[key] else place[key]
            )
            for index, key in enumerate(row):
                place[key] = index

    sweep(rows, parents)
    rows.reverse()
    sweep(rows, children)
    rows.reverse()
    return rows


def layout(keys: list[str], edges: list[tuple[str, str]]) -> list[Placed]:
    known = set(keys)
    clean = _acyclic(keys, [(parent, child) for parent, child in edges if parent in known and child in known])
    layer = _layers(keys, clean)
    rows: list[list[str]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for key in keys:
        rows[layer[key]].append(key)
    rows = _ordered(rows, clean)
    widest = max((len(row) for row in rows), default=0)
    return [
        Placed(key, depth, (widest - len(row)) / 2 + index)
        for depth, row in enumerate(rows)
        for index, key in enumerate(row)
    ]
