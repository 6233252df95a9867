"""What a merge method is given for one output tensor, and the walk over it in stretches that fit the cache."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from kernels.compiled.library import FORMATS
from kernels.dispatch import implementation
from kernels.late import torch
from kernels.raw import Array, Raw, format_of, tensor_of
from workers.engine.io.dtypes import dtype_of
from workers.engine.merge.measures import Measures
from workers.engine.merge.results import Results

# Elements worked on at a time: few enough that a dozen float32 buffers of this length stay in the cache, many enough that calls cost
# little beside the work.
STRETCH = 1 << 17
# The same on a GPU, where what counts is that it is kept busy.
DEVICE_STRETCH = 1 << 20
# Reductions whose result goes into weights: this many elements at a time, in float64, in order. Part of the promise of equal bytes.
REDUCTION = 1 << 20

Combine: TypeAlias = "Callable[[Sequence[torch.Tensor], int], torch.Tensor]"


@dataclass(frozen=True)
class MergeStep:
    """One output tensor to be made.

    `raw_base` and `raw_sources` are flat `[n]` as they are stored: memory of mapped files, which compiled kernels read, or tensors
    on the device the step is made on; `base` and `sources` are the same as tensors. `shape` is that of the output tensor.
    `source_ids` says which of the request's models each source is. It is computed in float32, or in float64 where `wide`;
    `format` is that of the result, by safetensors' name. `parameters` as in the plan: scalars, and lists in the order of the
    sources. `settled` holds what the method's rounds found out about the whole model (see `rounds`), `learned` what it learned
    from data for this tensor (see `learned`). `remembered` holds statistics of the inputs between merges of the same models (a
    search); None where there is one merge. `results` gives the memory for the result.
    """

    name: str
    raw_base: Array | None
    raw_sources: tuple[Array, ...]
    source_ids: tuple[int, ...]
    parameters: Mapping[str, Any]
    format: str
    wide: bool = False
    seed: int = 0
    shape: tuple[int, ...] = ()
    settled: Mapping[str, Any] = field(default_factory=dict)
    learned: Mapping[str, torch.Tensor] = field(default_factory=dict)
    measures: Measures = field(default_factory=Measures)
    remembered: MutableMapping[Any, Any] | None = None
    results: Results = field(default_factory=Results)

    @cached_property
    def base(self) -> torch.Tensor | None:
        return None if self.raw_base is None else tensor_of(self.raw_base)

    @cached_property
    def sources(self) -> tuple[torch.Tensor, ...]:
        return tuple(map(tensor_of, self.raw_sources))

    @property
    def dtype(self) -> torch.dtype:
        return dtype_of(self.format)

    @property
    def maths(self) -> torch.dtype:
        return torch.float64 if self.wide else torch.float32

    @property
    def patterns(self) -> torch.dtype:
        """Whole numbers as wide as those computed with."""
        return torch.int64 if self.wide else torch.int32

    @property
    def elements(self) -> int:
        return self.raw_sources[0].numel()

    @property
    def device(self) -> torch.device | str:
        return self.raw_sources[0].device

    @property
    def on_cpu(self) -> bool:
        return str(self.device) == "cpu"

    @property
    def fused(self) -> bool:
        """Whether whole-tensor kernels make it (see `fused`): on a GPU, or where `GENEPOOL_KERNELS` asks for it."""
        return not self.wide and implementation(self.device) not in ("cpu", "compiled")

    @property
    def compiled(self) -> bool:
        """Whether the processor's compiled kernels can make it (see `mapping`)."""
        given = (*self.raw_sources, *(() if self.raw_base is None else (self.raw_base,)))
        formats = {self.format, *map(format_of, given)}
        return not self.wide and formats <= FORMATS.keys() and implementation(self.device) == "compiled"

    @property
    def given(self) -> tuple[Array | None, tuple[Array, ...]]:
        """Base and sources as kernels take them: as they are stored where these are compiled, else as tensors."""
        return (self.raw_base, self.raw_sources) if self.compiled else (self.base, self.sources)

    @property
    def stretch(self) -> int:
        return STRETCH if self.on_cpu else DEVICE_STRETCH

    def each(self, name: str) -> list[float]:
        """A per-source parameter, one value for each source."""
        values = self.parameters[name]
        if len(values) != len(self.raw_sources):
            raise ValueError(f"{self.name}: {len(values)} values of {name} for {len(self.raw_sources)} sources.")
        return [float(value) for value in values]

    def buffer(self, length: int | None = None) -> torch.Tensor:
        """An uninitialised working buffer `[min(length, n)]` in the method's maths; of a stretch, unless told otherwise."""
        return torch.empty(min(length or self.stretch, self.elements), dtype=self.maths, device=self.device)

    def result(self) -> torch.Tensor:
        """An uninitialised `[n]` in the step's dtype."""
        if not self.on_cpu:
            return torch.empty(self.elements, dtype=self.dtype, device=self.device)
        return self.raw_result().tensor()

    def raw_result(self) -> Raw:
        """The same in the processor's memory, for compiled kernels."""
        return self.results.empty(self.elements, self.format)

    def vectors(self, index: int, out: torch.Tensor, scratch: torch.Tensor) -> Iterator[tuple[int, torch.Tensor]]:
        """Walks source `index` minus the base (or itself without a base), giving (start, stretch); `out` holds the stretch."""
        for start, stop in stretches(self.elements, out.numel()):
            vector = out[: stop - start].copy_(self.sources[index][start:stop])
            if self.base is not None:
                vector.sub_(scratch[: stop - start].copy_(self.base[start:stop]))
            yield start, vector

    def together(self) -> Iterator[tuple[int, list[torch.Tensor]]]:
        """Walks all sources at once, each minus the base (or itself without a base), giving (start, their stretches)."""
        scratch = self.buffer()
        walks = [self.vectors(index, self.buffer(), scratch) for index in range(len(self.sources))]
        for stretch in zip(*walks, strict=True):
            yield stretch[0][0], [vector for _, vector in stretch]

    def sample(self, index: int, stride: int) -> torch.Tensor:
        """Every `stride`-th entry of source `index` minus the base (or of itself without a base)."""
        some = self.sources[index][::stride].to(self.maths)
        return some if self.base is None else some - self.base[::stride].to(self.maths)

    def whole(self, index: int) -> torch.Tensor:
        """Source `index` minus the base (or itself without a base) as one tensor in the step's shape, in the method's maths."""
        vector = self.sources[index].to(self.maths, copy=True)
        if self.base is not None:
            for start, stop in stretches(self.elements, REDUCTION):
                vector[start:stop].sub_(self.base[start:stop].to(self.maths))
        return vector.view(self.shape)

    def combine_whole(self, combine: Callable[[list[torch.Tensor]], torch.Tensor]) -> torch.Tensor:
        """Makes the result from whole tensors, for methods whose row says `memory="tensor"`.

        Args:
            combine: given each source's vector in the step's shape, returns the merged vector in that shape. It may overwrite
                what it is given.

        Returns:
            `[n]` in the step's dtype: base + merged vector, or the merged vector without a base.

        Cost: (sources + 1) tensors in the method's maths, besides what `combine` takes.
        """
        merged = combine([self.whole(index) for index in range(len(self.sources))]).reshape(-1)
        return self.combine(lambda vectors, start: merged[start : start + vectors[0].numel()])

    def combine(self, combine: Combine) -> torch.Tensor:
        """Makes the result stretch by stretch.

        Args:
            combine: given each source's vector (minus the base where there is one) and the flat start of the stretch, returns
                the merged vector. It must leave the given vectors as they are; it may return a buffer of its own.

        Returns:
            `[n]` in the step's dtype: base + merged vector, or the merged vector without a base.

        Cost: the result, and (sources + 2) buffers of a stretch.
        """
        result = self.result()
        base_buffer, sum_buffer = self.buffer(), self.buffer()
        buffers = [self.buffer() for _ in self.sources]
        for start, stop in stretches(self.elements, self.stretch):
            length = stop - start
            vectors = [
                buffer[:length].copy_(source[start:stop]) for buffer, source in zip(buffers, self.sources, strict=True)
            ]
            base = None
            if self.base is None:
                merged = combined = combine(vectors, start)
            else:
                base = base_buffer[:length].copy_(self.base[start:stop])
                for vector in vectors:
                    vector.sub_(base)
                merged = combine(vectors, start)
                combined = torch.add(base, merged, out=sum_buffer[:length])
            result[start:stop].copy_(combined)
            self.measures.see(vectors, merged, combined, result[start:stop], base)
        if self.measures.bad_results:
            settle_nan(result)
        return result


def settle_nan(stored: torch.Tensor) -> None:
    """Gives one pattern to what is no number: how that is cast differs between processors and ways of casting."""
    if stored.dtype.itemsize > 1:
        stored.masked_fill_(stored.isnan(), math.nan)


def stretches(elements: int, length: int = STRETCH) -> Iterator[tuple[int, int]]:
    for start in range(0, elements, max(length, 1)):
        yield start, min(start + length, elements)
