"""The bytes that each Triton kernel moves for one entry of a merged tensor: what its speed on a GPU is judged by.

n sources and a base of e bytes an entry, a result of e bytes. `cached` bytes come from tables of a few KiB, or go to histograms
of 512 KiB, that stay in the second-level cache; they are told apart because memory does not see them.
"""

from collections.abc import Callable
from dataclasses import dataclass

Bytes = Callable[[int, int], int]


@dataclass(frozen=True)
class Traffic:
    """`reads`, `writes` and `cached` are functions of (n, e). `passes` is how often a merge runs the kernel over a tensor."""

    name: str
    does: str
    reads: Bytes
    writes: Bytes
    cached: Bytes = lambda n, e: 0
    passes: Bytes = lambda n, e: 1

    def moved(self, sources: int, bytes_each: int) -> int:
        """Bytes through memory for one entry and one pass."""
        return self.reads(sources, bytes_each) + self.writes(sources, bytes_each)


def _all_inputs(n: int, e: int) -> int:
    return (n + 1) * e


def _one_result(n: int, e: int) -> int:
    return e


def _nothing(n: int, e: int) -> int:
    return 0


TRAFFIC: tuple[Traffic, ...] = (
    Traffic(
        "ties_map", "TIES: subtract, threshold, weight, elect, sum, divide, scale, add, cast", _all_inputs, _one_result
    ),
    Traffic(
        "magnitude_counts", "TIES: histogram of one source's changes, 16 bits and then 15 within a bin",
        lambda n, e: 2 * e, _nothing, lambda n, e: 4, lambda n, e: 2 * n,
    ),
    Traffic("place_of", "TIES: where the last tie that stays lies", lambda n, e: 2 * e, _nothing, passes=lambda n, e: n),
    Traffic("dare_map", "DARE: the same map, with draws in place of the threshold", _all_inputs, _one_result),
    Traffic(
        "della_map", "DELLA: the same map, with draws whose odds go by rank",
        lambda n, e: (n + 1) * e + 4 * n, _one_result, lambda n, e: 12 * n,
    ),
    Traffic(
        "row_ranks", "DELLA: ranks within the rows of one source", lambda n, e: 2 * e, lambda n, e: 4, passes=lambda n, e: n
    ),
    Traffic("elect", "Sign election among n float32 changes, thresholds left out", lambda n, e: 4 * n, lambda n, e: 4),
    Traffic(
        "magnitudes", "PCB: histogram of all sources' changes, 16 bits and then 16 within two bins",
        _all_inputs, _nothing, lambda n, e: 8 * n, lambda n, e: 2,
    ),
    Traffic(
        "competition", "PCB: histogram of all sources' scores, likewise",
        _all_inputs, _nothing, lambda n, e: 8 * n, lambda n, e: 2,
    ),
    Traffic("share_out", "PCB: clamp, compete, share, scale, add, cast", _all_inputs, _one_result),
    Traffic("gram", "Gram matrix: squared norms and products", _all_inputs, _nothing),
)  # fmt: skip


def traffic_get(name: str) -> Traffic:
    return next(row for row in TRAFFIC if row.name == name)
