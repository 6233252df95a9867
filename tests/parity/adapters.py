"""TABLE OF COMBINATIONS of LoRA adapters, held against peft and against their definition (`adapter_definitions`).

Where peft's own result is not what it says of itself, `defect` names the difference in `workers.contracts.peft`: ours is then held
against the definition, and peft against it too, so that the row goes when peft is mended.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Combination:
    """`sources` names adapters of `adapter_kinds.KINDS`. `options` are peft's; ours have the same names, `svd_rank` 0 meaning the largest.

    `refused` is the code by which we refuse it. `is_saved`: peft's result is looked at as it is saved and loaded again.
    """

    name: str
    type: str
    sources: tuple[str, ...]
    weights: tuple[float, ...]
    options: dict[str, Any] = field(default_factory=dict)
    seeds: int = 1
    defect: str = ""
    refused: str = ""
    is_saved: bool = False

    @property
    def is_random(self) -> bool:
        return "dare" in self.type

    @property
    def is_by_factors(self) -> bool:
        """Whether entries of the factors, and not of their product, are drawn: only those are independent of each other."""
        return self.is_random and not self.type.endswith("_svd")


HALF = {"density": 0.5}


def _all(type: str, **options: Any) -> tuple[Combination, ...]:
    return (
        Combination("two", type, ("a", "b"), (1.0, 0.5), options),
        Combination("three, one subtracted", type, ("a", "b", "c"), (0.7, -0.4, 1.2), options),
        Combination("one", type, ("a",), (0.8,), options, defect="one_source" if options else ""),
        Combination("other layers", type, ("layers", "layers2"), (0.7, -0.4), options),
        Combination("of some modules each", type, ("q", "up", "a"), (1.0, 0.6, -0.5), options),
        Combination("rank patterns", type, ("ranks", "ranks2"), (1.0, 0.5), options | ({"svd_rank": 6} if type.endswith("svd") else {})),
        Combination("alpha patterns", type, ("alphas", "alphas2"), (1.0, -0.5), options),
        *[Combination("bfloat16 factors", type, ("short", "short2"), (1.0, 0.5))] * (not options),
    )  # fmt: skip


def _lots(type: str) -> tuple[Combination, ...]:
    return (
        Combination("two, many draws", type, ("a", "b"), (1.0, 0.5), HALF, seeds=40),
        Combination("other layers, many draws", type, ("layers", "layers2"), (1.0, -0.5), HALF, seeds=40),
    )


COMBINATIONS: tuple[Combination, ...] = (
    *_all("cat"), Combination("unequal ranks", "cat", ("a", "wide"), (1.0, 0.5)),
    Combination("other layers, unequal ranks", "cat", ("layers", "layers6"), (1.0, 0.5)),
    Combination("both patterns", "cat", ("both", "ranks", "a"), (1.0, 0.5, -0.3)),
    Combination("a convolution along a line", "cat", ("line", "line2"), (1.0, 0.5)),
    Combination("rank-stabilised", "cat", ("rs", "rs2"), (1.0, 0.5), defect="rslora"),
    Combination("rank-stabilised and plain", "cat", ("a", "rs2"), (1.0, 0.5)),
    Combination("rank-stabilised, both patterns", "cat", ("rs, both", "ranks"), (1.0, 0.5), defect="rslora"),
    Combination("of some layers each", "cat", ("low", "high"), (1.0, 0.5), defect="layers"),
    Combination("a head that comes whole", "cat", ("headed", "a"), (1.0, 0.5), defect="whole"),
    Combination("embeddings beside their base", "cat", ("table", "table2"), (1.0, 0.5)),
    Combination("two heads that come whole", "cat", ("headed", "headed2"), (1.0, 0.5), refused="whole_module_twice"),
    Combination("DoRA", "cat", ("dora", "dora2"), (1.0, 0.5), defect="dora", refused="dora"),
    Combination("biases of B", "cat", ("biased", "biased2"), (1.0, 0.5), defect="biases", refused="lora_bias"),
    *_all("svd"), Combination("unequal ranks", "svd", ("a", "wide"), (1.0, 0.5)),
    Combination("other layers, unequal ranks", "svd", ("layers", "layers6"), (1.0, 0.5)),
    Combination("both patterns", "svd", ("both", "ranks"), (1.0, 0.5), {"svd_rank": 5}),
    Combination("a convolution along a line", "svd", ("line", "line2"), (1.0, 0.5), defect="one_dimension"),
    Combination("of rank 3", "svd", ("a", "b"), (1.0, 0.5), {"svd_rank": 3}),
    Combination("of more than full rank", "svd", ("a", "b"), (1.0, 0.5), {"svd_rank": 20}, defect="rank_beyond"),
    Combination("rank-stabilised", "svd", ("rs", "rs2"), (1.0, 0.5), defect="rslora"),
    *_all("linear"), Combination("rank-stabilised", "linear", ("rs", "rs2"), (1.0, 0.5), defect="rslora"),
    Combination("one rank by other patterns", "linear", ("a", "same"), (1.0, 0.5), defect="ranks_compared"),
    Combination("rank patterns, saved", "linear", ("ranks", "ranks2"), (1.0, 0.5), defect="ranks_saved", is_saved=True),
    Combination("a convolution along a line", "linear", ("line", "line2"), (1.0, 0.5)),
    *_all("ties", **HALF), Combination("vote by heads", "ties", ("a", "b", "c"), (1.0, 1.0, 1.0), HALF | {"majority_sign_method": "frequency"}),
    *_all("magnitude_prune", density=0.3),
    *_all("ties_svd", **HALF), Combination("of full rank", "ties_svd", ("a", "b", "c"), (1.0, 0.5, 0.5), {"density": 0.4, "svd_rank": 16}),
    *_all("magnitude_prune_svd", density=0.3),
    *_lots("dare_linear"), *_lots("dare_ties"), *_lots("dare_linear_svd"), *_lots("dare_ties_svd"),
)  # fmt: skip
