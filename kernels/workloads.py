"""One call of each kernel on made-up weights: what the bench times and what the tests count the bytes of."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from kernels.choices import ALWAYS, Choice, Cut, Cuts, Drawn, Ranked
from kernels.dispatch import kernel
from kernels.reference.selection import row_ranks

DENSITY = 0.3
# A magnitude that about so large a share of the made-up changes exceeds.
THRESHOLD = 1.036e-3


@dataclass
class Workload:
    """A base of unit normals, and sources that differ from it by a thousandth. All on one device."""

    elements: int
    sources: int
    dtype: torch.dtype
    device: str = "cpu"
    columns: int = 1

    def __post_init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        self.base = torch.randn(self.elements, generator=generator).to(self.device, self.dtype)
        wide = self.base.float()
        self.inputs: list[torch.Tensor] = []
        for _ in range(self.sources):
            change = torch.randn(self.elements, generator=generator).to(self.device) * 1e-3
            self.inputs.append((wide + change).to(self.dtype))

    def call(self, name: str) -> Callable[[], object]:
        """What runs kernel `name` of `kernels.traffic` once; what it needs besides is made beforehand."""
        calls = {
            "ties_map": lambda: self._changes([Cuts(Cut(self._pattern(), self.elements // 2))] * self.sources),
            "dare_map": lambda: self._changes([Drawn((1, each), round(DENSITY * ALWAYS)) for each in range(self.sources)]),
            "della_map": lambda: self._changes(self._ranked()),
            "magnitude_counts": lambda: self._run("magnitude_counts", self.base, self.inputs[0]),
            "place_of": lambda: self._run("place_of", self.base, self.inputs[0], *self._tie()),
            "row_ranks": lambda: self._run("row_ranks", self.base, self.inputs[0], self.columns),
            "magnitudes": lambda: self._run("competition_counts", self.base, self.inputs),
            "competition": lambda: self._run("competition_counts", self.base, self.inputs, self._bounds(2e-3)),
            "gram": lambda: self._run("gram", self.base, self.inputs),
            "elect": self._elect,
            "share_out": self._share_out,
        }  # fmt: skip
        return calls[name]()

    def _run(self, name: str, *arguments: object, **named: object) -> Callable[[], object]:
        found = kernel(name, self.device)
        return lambda: found(*arguments, **named)

    def _changes(self, choices: list[Choice]) -> Callable[[], object]:
        return self._run(
            "changes", self.base, self.inputs, choices, weights=[0.5] * self.sources, factors=[1.0] * self.sources, scale=0.9,
            dtype=self.dtype, vote=True, normalize=True,
        )  # fmt: skip

    def _ranked(self) -> list[Choice]:
        ranks = row_ranks(self.base, self.inputs[0], self.columns)
        odds = torch.linspace(DENSITY - 0.1, DENSITY + 0.1, self.columns, dtype=torch.float64)
        limits, factors = (odds * ALWAYS).long().to(self.device), (1 / odds).float().to(self.device)
        return [Ranked((1, each), ranks, limits, factors) for each in range(self.sources)]

    def _elect(self) -> Callable[[], object]:
        deltas = [source.float() - self.base.float() for source in self.inputs]
        scratch = [torch.empty_like(deltas[0]) for _ in range(3)]
        return self._run(
            "elect", deltas, [0.5] * self.sources, normalize=True, out=torch.empty_like(deltas[0]), scratch=scratch
        )  # fmt: skip

    def _share_out(self) -> Callable[[], object]:
        weights = [1.0] * self.sources
        return self._run(
            "share_out",
            self.base,
            self.inputs,
            self._bounds(2e-3),
            self._bounds(1e-6),
            weights=weights,
            scale=0.9,
            dtype=self.dtype,
        )

    def _bounds(self, highest: float) -> list[tuple[float, float]]:
        return [(highest / 100, highest)] * self.sources

    def _pattern(self) -> int:
        return int(torch.tensor(THRESHOLD).view(torch.int32))

    def _tie(self) -> tuple[int, int]:
        """The magnitude of the middle entry's change, which at least that entry has."""
        place = self.elements // 2
        change = self.inputs[0][place].float() - self.base[place].float()
        return int(change.abs().view(torch.int32)), 1
